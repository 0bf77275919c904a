def trace(figure, name):
    return next(item for item in figure.data if item.name == name)

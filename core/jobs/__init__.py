"""The queue and the process that empties it; knows no kind of job."""

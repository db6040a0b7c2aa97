"""Statistics of two samples: pure functions over numpy arrays.

They load numpy and scipy, a second and 60 MB: import them where they are used, not where a collector starts.
A sample is a one-dimensional array of floats; what is not finite (NULL came as NaN) is left out. Where a side
is empty nothing can be told: the statistic is NaN and p is 1.
"""

"""MLP-Mixer on cochains: token mixing by kernels or by operators, codes, channel mixing."""

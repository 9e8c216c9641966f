"""MLP-Mixer on images: blocks, patches, released weights, a denoiser."""

"""Room: networks as folders of a JSON file and a safetensors file."""

"""HIPS autograd's examples, run by this engine with their imports changed."""

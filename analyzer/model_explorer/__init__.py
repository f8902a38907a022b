"""A plug-in for Model Explorer: `model-explorer model.tflite --extensions analyzer.model_explorer`."""

"""An analyzer that asks a language model; nothing here is loaded until a talk is analysed by it."""

namespace CvOps.Vision;

/// <summary>A model or its manifest can't be used; the message says what was expected and what was found.</summary>
public sealed class ModelException(string message, Exception? inner = null) : Exception(message, inner);

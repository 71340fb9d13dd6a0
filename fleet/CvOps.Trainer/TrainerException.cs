namespace CvOps.Trainer;

/// <summary>A run that can't succeed as asked; the message is one sentence that says why.</summary>
internal sealed class TrainerException(string message, Exception? inner = null) : Exception(message, inner);

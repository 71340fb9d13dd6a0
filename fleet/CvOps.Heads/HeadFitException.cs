namespace CvOps.Heads;

/// <summary>A head that can't be fitted on these rows; the message is one sentence that says why.</summary>
internal sealed class HeadFitException(string message) : Exception(message);

namespace CvOps.Simulator;

/// <summary>Something the person at the keyboard can put right; the message is one sentence that says how.</summary>
internal sealed class SimulatorException(string message, Exception? inner = null) : Exception(message, inner);

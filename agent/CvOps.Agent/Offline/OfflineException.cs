namespace CvOps.Agent.Offline;

/// <summary>An offline run can't begin or go on; the message is a sentence for whoever typed the command.</summary>
internal sealed class OfflineException(string message, int exitCode, Exception? inner = null) : Exception(message, inner)
{
    public int ExitCode { get; } = exitCode;

    /// <summary>Something that was given is not as it must be; nothing was inspected.</summary>
    public static OfflineException WrongInput(string message, Exception? inner = null) => new(message, OfflineExit.WrongInput, inner);

    /// <summary>It broke on the way.</summary>
    public static OfflineException Failed(string message, Exception? inner = null) => new(message, OfflineExit.Failed, inner);
}

/// <summary>What the exit code of <c>cvops run</c> means.</summary>
internal static class OfflineExit
{
    public const int Done = 0;

    /// <summary>Some of it went wrong: a picture that can't be decoded, a frame without a prediction, a full disk.</summary>
    public const int Failed = 1;

    /// <summary>EX_CONFIG of sysexits.h: the command line or a file is not as it must be.</summary>
    public const int WrongInput = 78;

    /// <summary>As shells say it: 128 + SIGINT.</summary>
    public const int Interrupted = 130;
}

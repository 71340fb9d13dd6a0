namespace CvOps.Cli;

/// <summary>A failure a person can act on: printed as one sentence, no stack.</summary>
/// <param name="exitCode">See <see cref="ExitCodes"/>.</param>
/// <param name="status">Of the fleet's refusal; null when it did not answer.</param>
internal sealed class CliException(string message, int exitCode = ExitCodes.Failed, int? status = null) : Exception(message)
{
    public int ExitCode { get; } = exitCode;

    public int? Status { get; } = status;
}

/// <summary>What failed has been said on standard output already.</summary>
internal sealed class QuietFailure() : Exception("It failed, and said so.");

/// <summary>What the exit code of <c>cvops</c> means.</summary>
internal static class ExitCodes
{
    public const int Ok = 0;

    /// <summary>It was tried and did not work.</summary>
    public const int Failed = 1;

    /// <summary>The fleet could not be reached.</summary>
    public const int Unreachable = 69;

    /// <summary>The command line, a file or the machine is not as it must be; trying again without a change is useless.</summary>
    public const int Configuration = 78;
}

using System.Diagnostics.CodeAnalysis;

namespace CvOps.Testing;

/// <summary>Ends a test as skipped, with the sentence that says what it misses.</summary>
public static class Skip
{
    private const string Token = "$XunitDynamicSkip$";

    [DoesNotReturn]
    public static void Because(string reason) => throw new SkippedException(Token + reason);

    public static void Unless(bool condition, string reason)
    {
        if (!condition) Because(reason);
    }

    // xunit.v3 takes any exception whose message starts so for a skip.
    private sealed class SkippedException(string message) : Exception(message);
}

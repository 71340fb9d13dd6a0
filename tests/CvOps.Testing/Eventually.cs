using System.Diagnostics;

namespace CvOps.Testing;

/// <summary>Waits until something real has happened, and says what was seen when it did not.</summary>
public static class Eventually
{
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(10);

    /// <exception cref="TimeoutException">The condition was false until the deadline; the message holds <paramref name="describe"/>.</exception>
    public static Task Async(Func<bool> condition, TimeSpan deadline, Func<string> describe, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(condition);
        return Async(() => Task.FromResult(condition()), deadline, describe, cancellationToken);
    }

    /// <inheritdoc cref="Async(Func{bool}, TimeSpan, Func{string}, CancellationToken)"/>
    public static async Task Async(Func<Task<bool>> condition, TimeSpan deadline, Func<string> describe, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(condition);
        ArgumentNullException.ThrowIfNull(describe);
        var started = Stopwatch.GetTimestamp();
        while (!await condition())
        {
            if (Stopwatch.GetElapsedTime(started) > deadline)
                throw new TimeoutException($"Not within {deadline.TotalSeconds:0.###} s. Seen: {describe()}");
            await Task.Delay(Step, cancellationToken);
        }
    }
}

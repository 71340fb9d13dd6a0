namespace CvOps.Agent.Update;

internal enum SoakVerdict { Inconclusive, Passed, Failed }

internal readonly record struct SoakResult(SoakVerdict Verdict, string? Reason);

/// <summary>Whether a model just swapped in may stay. Without frames it says Inconclusive for ever: a silent camera proves nothing.</summary>
internal static class SoakGate
{
    // Frames before the latency is judged: the first runs of a session warm caches.
    private const int LatencyFrames = 20;

    // Frames before the slowest hundredth is more than two of them, and the slowest twentieth more than a few hiccups of a busy device.
    private const int TailFrames = 200;

    // How much longer than the budget the slowest hundredth may take.
    private const double Tail = 2;

    // A model of half a millisecond may become one of two: what counts against the one before is time a line can feel.
    private const double Felt = 5;

    /// <param name="latencyLimitMs">The manifest's limit; null for none.</param>
    public static SoakResult Decide(in SoakEvidence seen, UpdateOptions options, double? latencyLimitMs)
    {
        if (Problem(seen, options, latencyLimitMs) is { } problem) return new(SoakVerdict.Failed, problem);
        return seen.Frames >= options.SoakFrames && seen.Watched >= options.Soak
            ? new(SoakVerdict.Passed, null)
            : new(SoakVerdict.Inconclusive, null);
    }

    /// <summary>What is wrong with the new model, in a sentence; null while nothing is. Serves a challenger that is only asked as well.</summary>
    /// <inheritdoc cref="Decide"/>
    public static string? Problem(in SoakEvidence seen, UpdateOptions options, double? latencyLimitMs) =>
        Errors(seen, options) ?? Latency(seen, options, latencyLimitMs) ?? Collapse(seen, options) ?? Memory(seen, options);

    private static string? Errors(in SoakEvidence seen, UpdateOptions options)
    {
        if (seen.Errors <= options.SoakErrors) return null;
        return seen.NotFinite == seen.Errors
            ? $"The new model's outputs were NaN or infinite for {seen.NotFinite} of its first {seen.Frames} frames; {options.SoakErrors} are allowed."
            : $"The new model gave no prediction for {seen.Errors} of its first {seen.Frames} frames ({seen.NotFinite} of them for NaN or infinite outputs); {options.SoakErrors} are allowed.";
    }

    private static string? Latency(in SoakEvidence seen, UpdateOptions options, double? latencyLimitMs)
    {
        var (now, before) = (seen.Latency, seen.LatencyBefore);
        if (now.Frames < Math.Min(LatencyFrames, options.SoakFrames)) return null;
        if (latencyLimitMs is { } limit)
        {
            if (now.P95 > limit) return $"Inference took {now.P95:0.0} ms (95th percentile of {now.Frames} frames); the model's limit is {limit:0.0} ms.";
            // What the device itself does to a frame now and then is no fault of the model's: the one before had it too.
            return now.Frames >= TailFrames && now.P99 > Tail * Math.Max(limit, before.P99)
                ? $"Inference took {now.P99:0.0} ms (99th percentile of {now.Frames} frames); the model's limit is {limit:0.0} ms, twice that is allowed for one frame in a hundred."
                : null;
        }
        // Of twenty frames the second slowest is the 95th percentile. A model that is slow is so on most frames; a device that stutters spares most of them.
        if (now.Frames < TailFrames && now.P50 <= options.SoakLatencyRatio * before.P50) return null;
        return before.Frames >= LatencyFrames && now.P95 > options.SoakLatencyRatio * before.P95 && now.P95 > before.P95 + Felt
            ? $"Inference took {now.P95:0.0} ms (95th percentile of {now.Frames} frames), the model before took {before.P95:0.0} ms; {options.SoakLatencyRatio:0.#} times that is allowed without a limit in the manifest."
            : null;
    }

    private static string? Collapse(in SoakEvidence seen, UpdateOptions options)
    {
        if (seen.SameAnswer is not { } same || same.Chance >= options.SoakCollapseChance) return null;
        var answer = same.Answer is { } name ? $"'{name}'" : "nothing";
        return $"The new model said {answer} {same.Run} frames on end on camera {same.Camera}; the model before said so for {same.Before.Same} of {same.Before.Frames} frames and changed that answer "
            + $"{same.Before.Left} times (chance for a healthy model below {same.Chance:G2}; {options.SoakCollapseChance:G2} is too little).";
    }

    private static string? Memory(in SoakEvidence seen, UpdateOptions options)
    {
        const long Megabyte = 1024 * 1024;
        return seen.MemoryGrowth > options.SoakMemoryMegabytes * Megabyte
            ? $"The agent's memory grew by {seen.MemoryGrowth / Megabyte} MB over the new model's first {seen.Frames} frames; {options.SoakMemoryMegabytes} MB are allowed."
            : null;
    }
}

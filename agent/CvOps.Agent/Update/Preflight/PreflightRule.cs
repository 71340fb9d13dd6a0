using CvOps.Contracts.Packages;
using CvOps.Vision;

namespace CvOps.Agent.Update.Preflight;

/// <summary>Whether this device can take a model, and everything that speaks against it. Pure.</summary>
internal static class PreflightRule
{
    /// <summary>Left free on the disk for the spool and the system, bytes.</summary>
    public const long DiskReserve = 64L * 1024 * 1024;

    /// <summary>Left free in memory for the line that goes on meanwhile, bytes.</summary>
    public const long MemoryReserve = 64L * 1024 * 1024;

    /// <summary>
    /// What a package takes in memory while its model is made ready, in its own sizes: its bytes, the runtime's weights, and their rearranged copies.
    /// </summary>
    public const int MemoryFactor = 3;

    // An engine has the weights once or twice over, for the shapes it was tuned for.
    private const int EngineFactor = 2;

    private const double Megabyte = 1024 * 1024;

    /// <summary>Before anything is fetched: what its size alone says.</summary>
    /// <param name="onDisk">Bytes of the package that are here already.</param>
    public static IReadOnlyList<string> BeforeFetch(long bytes, long onDisk, PreflightFacts facts) =>
        [.. new[] { Disk(Math.Max(0, bytes - onDisk), bytes, facts), Memory(bytes, null, facts) }.OfType<string>()];

    /// <summary>Once the package is believed: all of it.</summary>
    public static IReadOnlyList<string> BeforePreparing(long bytes, ModelManifest manifest, PreflightFacts facts)
    {
        var requires = manifest.Requires;
        var reasons = new List<string?> { Disk(0, bytes, facts), Memory(bytes, requires?.MemoryMegabytes, facts) };
        if (requires?.Runtime is { } runtime && Version.TryParse(runtime, out var wanted) && facts.Runtime < wanted)
        {
            reasons.Add($"it needs ONNX Runtime {runtime} and this device has {facts.Runtime}; update the agent");
        }
        if (requires?.Provider is { } provider && !facts.Providers.Any(it => it.StartsWith(provider, StringComparison.OrdinalIgnoreCase)))
        {
            reasons.Add($"it needs the execution provider {provider} and this device has {string.Join(", ", facts.Providers)}");
        }
        foreach (var camera in facts.Cameras.Where(camera => camera.Width > 0)) reasons.Add(Picture(manifest.Input, camera));
        return [.. reasons.OfType<string>()];
    }

    /// <summary>Every reason in one sentence.</summary>
    public static string Sentence(IReadOnlyList<string> reasons) => $"This device can't take the model: {string.Join("; ", reasons)}.";

    private static string? Disk(long package, long bytes, PreflightFacts facts)
    {
        var engine = facts.BuildsEngines ? EngineFactor * bytes : 0;
        var need = package + engine + DiskReserve;
        if (facts.FreeDisk >= need) return null;
        var parts = new List<string>();
        if (package > 0) parts.Add($"{Shown(package)} for the package");
        if (engine > 0) parts.Add($"{Shown(engine)} for its engine");
        parts.Add($"{Shown(DiskReserve)} left free");
        return $"its disk has {Shown(facts.FreeDisk)} free and {Shown(need)} are needed ({string.Join(", ", parts)}); make room";
    }

    private static string? Memory(long bytes, int? megabytes, PreflightFacts facts)
    {
        var need = (megabytes is { } stated ? (long)(stated * Megabyte) : MemoryFactor * bytes) + MemoryReserve;
        return facts.FreeMemory is { } free && free < need
            ? $"{Shown(free)} of memory are free and {Shown(need)} are needed to make it ready beside the model in charge"
            : null;
    }

    private static string? Picture(InputSpec input, CameraSize camera)
    {
        try
        {
            PreprocessPlan.Create(input, camera.Width, camera.Height, PixelFormat.I420);
            return null;
        }
        catch (ModelException e)
        {
            return $"its input can't be made of camera {camera.Camera}'s pictures of {camera.Width}x{camera.Height}: {e.Message.TrimEnd('.')}";
        }
    }

    private static string Shown(long bytes) => FormattableString.Invariant($"{bytes / Megabyte:0.#} MB");
}

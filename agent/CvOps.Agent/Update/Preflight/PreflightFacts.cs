using System.Globalization;

namespace CvOps.Agent.Update.Preflight;

/// <param name="Width">In pixels; 0 before its first picture.</param>
internal readonly record struct CameraSize(string Camera, int Width, int Height);

/// <summary>What this device has for a new model.</summary>
/// <param name="FreeDisk">Bytes free for the agent's user where models are kept.</param>
/// <param name="FreeMemory">Bytes the agent may still take: the machine's available memory, or what its control group leaves; null when neither can be read.</param>
/// <param name="Runtime">Version of ONNX Runtime.</param>
/// <param name="Providers">Execution providers the runtime was built with.</param>
/// <param name="BuildsEngines">Each model gets a TensorRT engine, which is kept beside it.</param>
internal sealed record PreflightFacts(
    long FreeDisk, long? FreeMemory, Version Runtime, IReadOnlyList<string> Providers, bool BuildsEngines, IReadOnlyList<CameraSize> Cameras)
{
    /// <summary>What control groups and the kernel say may still be taken. Page cache that can be given back counts as free.</summary>
    /// <param name="root">Where <c>proc</c> and <c>sys</c> are mounted.</param>
    public static long? ReadFreeMemory(string root = "/")
    {
        var available = Number(Line(Path.Combine(root, "proc/meminfo"), "MemAvailable:")) * 1024;
        var group = Line(Path.Combine(root, "proc/self/cgroup"), "0::")?.Trim().TrimStart('/');
        // Limits of the groups around ours hold for us too.
        for (var path = group; path is not null; path = path.Length == 0 ? null : Path.GetDirectoryName(path) ?? "")
        {
            var folder = Path.Combine(root, "sys/fs/cgroup", path);
            if (Number(Line(Path.Combine(folder, "memory.max"), "")) is not { } most || Number(Line(Path.Combine(folder, "memory.current"), "")) is not { } used) continue;
            var left = most - used + (Number(Line(Path.Combine(folder, "memory.stat"), "inactive_file ")) ?? 0);
            if (available is null || left < available) available = Math.Max(0, left);
        }
        return available;
    }

    /// <returns>What follows the word that begins a line; null when there is no such line or file.</returns>
    private static string? Line(string file, string begins)
    {
        try
        {
            return File.ReadLines(file).FirstOrDefault(line => line.StartsWith(begins, StringComparison.Ordinal))?[begins.Length..];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static long? Number(string? text) =>
        long.TryParse(text?.Trim().Split(' ')[0], NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
}

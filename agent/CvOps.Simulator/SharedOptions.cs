using System.CommandLine;
using System.Globalization;
using CvOps.Simulator.Drawing;

namespace CvOps.Simulator;

/// <summary>Options that <c>run</c> and <c>render</c> have in common.</summary>
internal static class SharedOptions
{
    public static Option<ulong> Seed { get; } = new("--seed") { Description = "Same seed, line and serial: same part, same pixels.", DefaultValueFactory = _ => 1UL };

    public static Option<string> Size { get; } = new("--size") { Description = "Size of the picture, WIDTHxHEIGHT.", DefaultValueFactory = _ => "320x240" };

    public static Option<double> Defects { get; } = new("--defects") { Description = "Share of defective parts, 0 to 1; scratch, dent and stain are equally frequent.", DefaultValueFactory = _ => 0.6 };

    public static Option<string> Ffmpeg { get; } = new("--ffmpeg") { Description = "The ffmpeg program.", DefaultValueFactory = _ => "ffmpeg" };

    /// <exception cref="SimulatorException">No size, or none a line can have.</exception>
    public static (int Width, int Height) ParseSize(string text)
    {
        var parts = text.Split('x');
        if (parts.Length == 2
            && int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var width)
            && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var height)
            && Canvas.Fits(width, height)) return (width, height);
        throw new SimulatorException($"--size is '{text}'; it must be WIDTHxHEIGHT with even sides from {Canvas.MinWidth}x{Canvas.MinHeight} to {Canvas.MaxSide}x{Canvas.MaxSide}, such as 320x240.");
    }

    /// <exception cref="SimulatorException">Not within 0..1.</exception>
    public static float CheckShare(double share) => share is >= 0 and <= 1
        ? (float)share
        : throw new SimulatorException($"--defects is {share.ToString(CultureInfo.InvariantCulture)}; it must be 0 to 1.");
}

using System.Text.RegularExpressions;

namespace CvOps.Agent.Capture;

/// <summary>Listens to what ffmpeg says on standard error: the cause of an end, damage it lived with, a picture size that changes. Any thread.</summary>
internal sealed partial class FfmpegListener(string url)
{
    // What ffmpeg said last; the cause is near the end.
    private const int KeptLines = 24;

    private readonly Lock _gate = new();
    private readonly Queue<string> _said = new();
    private long _damaged;
    private string? _latest;
    private volatile string? _geometry;
    private volatile bool _geometryChanged;

    public StreamDamage Damage
    {
        get
        {
            lock (_gate) return new(_damaged, _latest);
        }
    }

    /// <summary>True once the decoder gives pictures of another size or format than at first: those that follow are not what was announced.</summary>
    public bool GeometryChanged => _geometryChanged;

    /// <summary>"640x480 yuv420p", as last said.</summary>
    public string? Geometry => _geometry;

    public string Explain(int? exitCode)
    {
        lock (_gate) return FfmpegCause.Explain([.. _said], exitCode, url);
    }

    /// <param name="line">As ffmpeg prints it with <c>-loglevel level+...</c>; null at the end.</param>
    public void Hear(string? line)
    {
        if (line is null) return;
        if (line.Contains("[verbose]", StringComparison.Ordinal))
        {
            if (GraphInput().Match(line) is { Success: true } input) Announce($"{input.Groups[1].Value}x{input.Groups[2].Value} {input.Groups[3].Value}");
            return;
        }
        var level = Level().Match(line);
        if (!level.Success || level.Groups[1].Value is not ("warning" or "error" or "fatal" or "panic")) return;
        var text = CameraAddress.Scrub(line.Remove(level.Index, level.Length).Trim(), url);
        lock (_gate)
        {
            if (_said.Count == KeptLines) _said.Dequeue();
            _said.Enqueue(text);
            if (!FfmpegCause.IsDamage(text)) return;
            _damaged++;
            _latest = text;
        }
    }

    private void Announce(string geometry)
    {
        if (_geometry is { } before && before != geometry) _geometryChanged = true;
        _geometry = geometry;
    }

    [GeneratedRegex(@"graph \d+ input from stream.*\bw:(\d+) h:(\d+) pixfmt:(\S+)")]
    private static partial Regex GraphInput();

    [GeneratedRegex(@"\[(verbose|info|warning|error|fatal|panic)\] ")]
    private static partial Regex Level();
}

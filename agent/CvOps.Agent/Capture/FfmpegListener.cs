using System.Globalization;
using System.Text.RegularExpressions;
using CvOps.Vision;

namespace CvOps.Agent.Capture;

/// <summary>Listens to what ffmpeg says on standard error: the cause of an end, damage it lived with, a picture size that changes. Any thread.</summary>
internal sealed partial class FfmpegListener(string url)
{
    // What ffmpeg said last; the cause is near the end.
    private const int KeptLines = 24;

    private readonly Lock _gate = new();
    private readonly Queue<string> _said = new();
    private long _damaged;
    private volatile bool _hd;
    private volatile bool _muxerRefused;

    public StreamDamage Damage
    {
        get
        {
            lock (_gate) return new(_damaged, _damaged == 0 ? null : FfmpegCause.Reason([.. _said]));
        }
    }

    /// <summary>The sizes the decoder has announced.</summary>
    public AnnouncedSizes Sizes { get; } = new();

    /// <summary>As the stream's own description says; a range other than limited is converted by ffmpeg.</summary>
    public YuvColour Colour => new(_hd ? YuvMatrix.Bt709 : YuvMatrix.Bt601, YuvRange.Limited);

    /// <summary>True when an output could not be begun.</summary>
    public bool MuxerRefused => _muxerRefused;

    /// <param name="began">Whether pictures came: damage that was lived with is then no cause of the end.</param>
    public string Explain(int? exitCode, bool began)
    {
        lock (_gate) return FfmpegCause.Explain([.. _said.Where(line => !began || !FfmpegCause.IsDamage(line))], exitCode, url);
    }

    /// <param name="line">As ffmpeg prints it with <c>-loglevel level+...</c>.</param>
    public void Hear(string line)
    {
        if (line.Contains("[verbose]", StringComparison.Ordinal))
        {
            if (GraphInput().Match(line) is { Success: true } input) Sizes.Announce(int.Parse(input.Groups[1].ValueSpan, CultureInfo.InvariantCulture), int.Parse(input.Groups[2].ValueSpan, CultureInfo.InvariantCulture));
            return;
        }
        if (InputStream().IsMatch(line))
        {
            _hd |= line.Contains("bt709", StringComparison.Ordinal);
            return;
        }
        var level = Level().Match(line);
        if (!level.Success || level.Groups[1].Value is not ("warning" or "error" or "fatal" or "panic")) return;
        // The muxer's complaints are about our own output.
        if (OwnMuxer().IsMatch(line)) return;
        if (line.Contains("Could not write header for output file", StringComparison.Ordinal)) _muxerRefused = true;
        var text = CameraAddress.Scrub(line.Remove(level.Index, level.Length).Trim(), url);
        lock (_gate)
        {
            if (_said.Count == KeptLines) _said.Dequeue();
            _said.Enqueue(text);
            if (FfmpegCause.IsDamage(text)) _damaged++;
        }
    }

    [GeneratedRegex(@"graph \d+ input from stream.*\bw:(\d{1,5}) h:(\d{1,5}) ")]
    private static partial Regex GraphInput();

    [GeneratedRegex(@"^\[info\]\s+Stream #0:\d.*: Video: ")]
    private static partial Regex InputStream();

    [GeneratedRegex(@"\[(nut|mp4|matroska|segment) @ ")]
    private static partial Regex OwnMuxer();

    [GeneratedRegex(@"\[(verbose|info|warning|error|fatal|panic)\] ")]
    private static partial Regex Level();
}

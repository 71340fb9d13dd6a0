using System.Globalization;

namespace CvOps.Fleet.Frames.Video;

/// <summary>What ffmpeg says of a video on standard error, at level info with levels shown.</summary>
internal sealed class VideoWords
{
    private const int MostErrors = 20;

    private static readonly (string Said, string Means)[] Known =
    [
        ("moov atom not found", "It was not written to its end: the recorder was cut off. Repair it, or bring the original."),
        ("matches no streams", "There is no video in it, only other streams."),
        ("not on whitelist", "It is of a kind that is not read; bring MP4, MKV, WebM, AVI, MOV, MPEG or a raw H.264, HEVC or MJPEG stream."),
        ("Invalid data found when processing input", "It is no video that can be read."),
        ("Decoder (codec", "Its codec can't be decoded by the fleet's ffmpeg."),
        ("Decoding requested, but no decoder found", "Its codec can't be decoded by the fleet's ffmpeg."),
        ("Picture size", "Its pictures have no pixels, or too many."),
        ("does not contain any stream", "There is no video in it."),
        ("Output file is empty", "Not one picture could be read from it."),
    ];

    private readonly List<string> _errors = [];

    /// <summary>Length; null where the file does not say.</summary>
    public TimeSpan? Duration { get; private set; }

    /// <summary>When it was recorded, as the file says.</summary>
    public DateTimeOffset? CreatedAt { get; private set; }

    public bool Complained => _errors.Count > 0;

    public void Hear(string line)
    {
        if (line.Contains("[error]", StringComparison.Ordinal) || line.Contains("[fatal]", StringComparison.Ordinal) || line.Contains("[panic]", StringComparison.Ordinal))
        {
            if (_errors.Count < MostErrors) _errors.Add(line);
        }
        else if (Duration is null && After(line, "Duration: ") is { } length && TimeSpan.TryParse(length.Split(',')[0], CultureInfo.InvariantCulture, out var duration)) Duration = duration;
        else if (CreatedAt is null && line.Contains("creation_time", StringComparison.Ordinal) && DateTimeOffset.TryParse(line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..], CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var created)) CreatedAt = created;
    }

    /// <summary>What is wrong, in a sentence.</summary>
    public string Explain(int exitCode)
    {
        foreach (var (said, means) in Known)
            if (_errors.Any(line => line.Contains(said, StringComparison.Ordinal))) return means;
        return _errors.Count > 0 ? $"ffmpeg says \"{Bare(_errors[0])}\"." : $"ffmpeg ended with code {exitCode} and said nothing.";
    }

    private static string? After(string line, string word) => line.IndexOf(word, StringComparison.Ordinal) is >= 0 and var at ? line[(at + word.Length)..] : null;

    /// <summary>Without the brackets of component and level, which have an address in them.</summary>
    private static string Bare(string line)
    {
        while (line.StartsWith('[') && line.IndexOf(']', StringComparison.Ordinal) is > 0 and var end) line = line[(end + 1)..].TrimStart();
        return line;
    }
}

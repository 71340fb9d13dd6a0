using System.Globalization;
using CvOps.Contracts;

namespace CvOps.Fleet.Frames.Video;

/// <summary>How a video becomes frames.</summary>
/// <param name="Name">Of the file, for people.</param>
/// <param name="Every">From one picture to the next.</param>
/// <param name="Change">Pictures that differ less than that are nearly the same, in levels of 255 (<see cref="PictureSketch"/>); 0 keeps all.</param>
/// <param name="StartsAt">When the video begins; null for what it says itself, else the time of the import.</param>
/// <param name="TakeDamaged">Bring what can be read of a damaged video.</param>
internal sealed record VideoRequest(string Name, TimeSpan Every, double Change, DeviceId? Device, CameraId? Camera, string? Part, DateTimeOffset? StartsAt, bool TakeDamaged, string By)
{
    public const double DefaultChange = 3;

    private static readonly TimeSpan LeastEvery = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan MostEvery = TimeSpan.FromDays(1);

    private const int LongestName = 200;

    /// <summary>Reads what was typed, and says everything that is wrong with it.</summary>
    public static (VideoRequest? Request, IReadOnlyList<string> Mistakes) Read(string? name, string? every, string? change, string? device, string? camera, string? part, string? startsAt, bool takeDamaged, string? by)
    {
        var mistakes = new List<string>();
        if (Span(every ?? "1s") is not { } step || step < LeastEvery || step > MostEvery)
        {
            mistakes.Add($"'{every}' is no time between two pictures: write 1s, 500ms or 2m.");
            step = LeastEvery;
        }
        var least = DefaultChange;
        if (!string.IsNullOrEmpty(change) && !(double.TryParse(change, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out least) && least <= 255)) mistakes.Add($"'{change}' is no change: levels from 0, which keeps all, to 255.");
        if (!string.IsNullOrEmpty(device) && !Identifier.IsValid(device)) mistakes.Add($"'{device}' is no name of a device.");
        if (!string.IsNullOrEmpty(camera) && !Identifier.IsValid(camera)) mistakes.Add($"'{camera}' is no name of a camera.");
        DateTimeOffset? begins = null;
        if (!string.IsNullOrEmpty(startsAt))
        {
            if (DateTimeOffset.TryParse(startsAt, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var known)) begins = known;
            else mistakes.Add($"'{startsAt}' is no time: write 2026-11-22T10:30:00Z.");
        }
        if (string.IsNullOrWhiteSpace(by)) mistakes.Add("Say who imports in 'by'.");
        if (name is { Length: > LongestName }) mistakes.Add($"A video's name has at most {LongestName} characters.");
        return mistakes.Count > 0 ? (null, mistakes) : (new VideoRequest(
            string.IsNullOrWhiteSpace(name) ? "video" : name, step, least, string.IsNullOrEmpty(device) ? null : new DeviceId(device), string.IsNullOrEmpty(camera) ? null : new CameraId(camera),
            string.IsNullOrEmpty(part) ? null : part, begins, takeDamaged, by!), []);
    }

    private static TimeSpan? Span(string text)
    {
        var unit = text.EndsWith("ms", StringComparison.Ordinal) ? "ms" : text is [.., 's' or 'm' or 'h'] ? text[^1..] : "";
        if (!double.TryParse(text.AsSpan(0, text.Length - unit.Length), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var count) || count > 86_400_000) return null;
        return unit switch { "ms" => TimeSpan.FromMilliseconds(count), "m" => TimeSpan.FromMinutes(count), "h" => TimeSpan.FromHours(count), _ => TimeSpan.FromSeconds(count) };
    }
}

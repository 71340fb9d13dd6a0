namespace CvOps.Agent.Configuration.Remote;

/// <summary>
/// What of the configuration may be changed from afar: what takes effect on a running line, and nothing that decides whom the agent believes, whom it
/// talks to, what it runs or what people it shows. Pure.
/// </summary>
internal static class RemoteKeys
{
    /// <summary>Sections whose entries belong to a camera, and the key that names it.</summary>
    public static readonly IReadOnlyDictionary<string, string> ByCamera = new Dictionary<string, string> { ["cameras"] = "id", ["tracking"] = "camera", ["zones"] = "camera" };

    /// <summary>In place of a camera's name: every camera of the device.</summary>
    public const string EveryCamera = "*";

    private static readonly string[] Sections = ["cameras", "drift", "sampling", "tracking", "update", "zones"];

    private static readonly string[] Update =
    [
        "soak-frames", "soak-seconds", "soak-errors", "soak-latency-ratio", "soak-collapse-chance", "soak-memory-megabytes", "shadow-frames", "shadow-limit-seconds", "windows",
    ];

    private static readonly Dictionary<string, string> OfCameras = new()
    {
        ["url"] = "it may hold the camera's password",
        ["input-arguments"] = "they are arguments of a program",
        ["privacy-masks"] = "what hides people is lifted by nobody from afar",
    };

    /// <param name="section">Key at the top of the document.</param>
    /// <param name="key">Within the section, or within an entry of it; null for the section itself.</param>
    /// <returns>Why it is changed at the device alone, a clause; null when it may be changed from afar.</returns>
    public static string? WhyNot(string section, string? key)
    {
        if (!Sections.Contains(section))
            return NearestKey.Of(section, Sections) is { } near ? $"it can't be set from afar; did you mean '{near}'?" : $"it can't be set from afar; {string.Join(", ", Sections[..^1])} and {Sections[^1]} can";
        return (section, key) switch
        {
            (_, null) => null,
            ("cameras", _) when OfCameras.TryGetValue(key, out var reason) => $"it is changed at the device alone: {reason}",
            ("update", _) when !Update.Contains(key) => NearestKey.Of(key, Update) is { } near
                ? $"it can't be set from afar; did you mean '{near}'?" : $"it can't be set from afar; of this section {string.Join(", ", Update[..^1])} and {Update[^1]} can",
            _ => null,
        };
    }
}

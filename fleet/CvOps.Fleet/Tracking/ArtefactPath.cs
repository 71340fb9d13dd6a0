namespace CvOps.Fleet.Tracking;

/// <summary>Where an artefact lies: in a run, or as the package of a registered model.</summary>
/// <param name="Owner">Id of the run, or digest of the package.</param>
/// <param name="Path">Inside it, with slashes; empty for all of it.</param>
internal sealed record ArtefactPath(bool IsPackage, string Owner, string Path)
{
    private const string Packages = "models";
    private const string Middle = "artifacts";
    private const int MostSegments = 32;

    /// <summary>Address of a run's artefacts.</summary>
    /// <param name="location">Of its experiment.</param>
    public static string UriOf(string location, string run) => $"{location.TrimEnd('/')}/{run}/{Middle}";

    /// <summary>Address of a package's folder.</summary>
    public static string UriOfPackage(string digest) => $"{Artefacts.Scheme}/{Packages}/{digest}";

    /// <param name="text">As an address says it behind its scheme: EXPERIMENT/RUN/artifacts/PATH, or models/DIGEST/PATH.</param>
    /// <exception cref="TrackingException">That is no such path, or it leads elsewhere.</exception>
    public static ArtefactPath Read(string? text) => Segments(text ?? "") switch
    {
        [Packages, var digest, .. var rest] => new ArtefactPath(true, digest, string.Join('/', rest)),
        [_, var run, Middle, .. var rest] => new ArtefactPath(false, run, string.Join('/', rest)),
        _ => throw TrackingException.Invalid($"'{text}' is no place for artefacts: EXPERIMENT/RUN/{Middle}/PATH was expected."),
    };

    /// <param name="text">A path inside a run.</param>
    /// <inheritdoc cref="Read"/>
    public static string Inside(string? text) => string.Join('/', Segments(text ?? ""));

    private static string[] Segments(string text)
    {
        var segments = text.Split('/', StringSplitOptions.RemoveEmptyEntries);
        if (text.Length > TrackingLimits.Address || segments.Length > MostSegments) throw TrackingException.Invalid($"A path has at most {TrackingLimits.Address} characters and {MostSegments} parts.");
        return Array.TrueForAll(segments, IsSafe) ? segments : throw TrackingException.Invalid($"'{text}' is no path: parts such as '..', backslashes and escaped slashes are not taken.");
    }

    // A client writes what it loads under this path into a folder of its own, and the server leaves a %2F in an address as it is.
    private static bool IsSafe(string segment) =>
        Uri.UnescapeDataString(segment) is var plain && segment is not ("." or "..") && plain is not ("." or "..") && !plain.AsSpan().ContainsAny('/', '\\') && !plain.Any(char.IsControl);
}

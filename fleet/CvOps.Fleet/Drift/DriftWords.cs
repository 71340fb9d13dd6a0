using CvOps.Contracts.Api;

namespace CvOps.Fleet.Drift;

/// <summary>A drift's explanation taken apart: "camera: what moved. What to do." Pure.</summary>
internal static class DriftWords
{
    private const string End = ". ";

    /// <summary>What to do; all of it where there is no such part.</summary>
    public static string Advice(DriftView view) => WithoutCamera(view) is var says && says.IndexOf(End, StringComparison.Ordinal) is > 0 and var end ? says[(end + End.Length)..] : says;

    /// <summary>What moved, by how much, since when.</summary>
    public static string Numbers(DriftView view) => WithoutCamera(view) is var says && says.IndexOf(End, StringComparison.Ordinal) is > 0 and var end ? says[..(end + 1)] : "";

    private static string WithoutCamera(DriftView view)
    {
        var camera = $"{view.Device}/{view.Camera}: ";
        return view.Explanation.StartsWith(camera, StringComparison.Ordinal) ? view.Explanation[camera.Length..] : view.Explanation;
    }
}

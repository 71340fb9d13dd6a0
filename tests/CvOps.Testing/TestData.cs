namespace CvOps.Testing;

/// <summary>Recorded data that is no part of the repository; the environment variable CVOPS_DATA names its folder.</summary>
public static class TestData
{
    public const string Variable = "CVOPS_DATA";

    /// <summary>The file or folder; skips the test when there is none.</summary>
    public static string Require(params string[] parts)
    {
        var folder = Environment.GetEnvironmentVariable(Variable);
        if (string.IsNullOrEmpty(folder)) Skip.Because($"{Variable} is not set: it names the folder with the recorded data ({string.Join('/', parts)} is needed).");
        var path = Path.Combine([folder, .. parts]);
        if (!Path.Exists(path)) Skip.Because($"{path} is not there.");
        return path;
    }
}

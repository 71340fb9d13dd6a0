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

    /// <summary>A file of the repository the tests were built in, there or not.</summary>
    public static string InRepository(params string[] parts)
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "CvOps.sln"))) return Path.Combine([folder.FullName, .. parts]);
        }
        throw new DirectoryNotFoundException($"No folder above {AppContext.BaseDirectory} holds CvOps.sln.");
    }
}

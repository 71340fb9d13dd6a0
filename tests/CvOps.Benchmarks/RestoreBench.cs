using System.Diagnostics;
using CvOps.Testing;
using Microsoft.Data.Sqlite;

namespace CvOps.Benchmarks;

/// <summary>The rows of 1,000,000 frames into a repository and back into a folder from which a fleet starts, each by the program itself; once more, when little is new.</summary>
internal static class RestoreBench
{
    private const double Seconds = 60;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    public static async Task<IReadOnlyList<Figure>> RunAsync()
    {
        using var folder = new TestFolder();
        await SnapshotBench.PrepareAsync(folder["data"]);
        using (var grains = new SqliteConnection($"Data Source={folder["data", "grains.db"]};Pooling=False")) grains.Open();
        await File.WriteAllTextAsync(folder["password"], "benchmark");
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(folder["password"], UnixFileMode.UserRead | UnixFileMode.UserWrite);
        var megabytes = new FileInfo(folder["data", "fleet.db"]).Length / 1e6;
        var first = await TimeAsync(folder, "backup", folder["data"]);
        var again = await TimeAsync(folder, "backup", folder["data"]);
        var restored = await TimeAsync(folder, "restore", folder["back"]);
        Console.WriteLine($"restore: {megabytes:0} MB of rows; backed up in {first:0.0} s, again in {again:0.0} s, restored in {restored:0.0} s");
        return
        [
            Figure.AtMost("restore of 1,000,000 frames' rows, s", restored, Seconds, "the limit; from the repository to the folder a fleet starts on, each piece checked by its hash"),
            Figure.AtMost("second backup of them, s", again, first, "the first"),
        ];
    }

    private static async Task<double> TimeAsync(TestFolder folder, string verb, string data)
    {
        var began = Stopwatch.GetTimestamp();
        await using var process = TestProcess.StartAssembly(Path.Combine(AppContext.BaseDirectory, "cvops-fleet.dll"), [verb, "--data", data, "--repository", folder["repository"], "--password-file", folder["password"]]);
        if (await process.WaitForExitAsync(Patience) != 0) throw new InvalidOperationException($"It failed: {process.Output}");
        Console.WriteLine(process.Output.TrimEnd());
        return Stopwatch.GetElapsedTime(began).TotalSeconds;
    }
}

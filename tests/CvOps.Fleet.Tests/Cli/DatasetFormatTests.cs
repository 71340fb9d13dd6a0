using System.IO.Compression;
using System.Net.Http.Json;
using System.Text.Json;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Testing;

namespace CvOps.Fleet.Tests.Cli;

public sealed class DatasetFormatTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task A_folder_goes_in_as_golden_comes_out_as_a_zip_and_a_mistake_is_a_list_and_exit_78()
    {
        await using var fleet = await FleetHost.StartAsync();
        foreach (var name in new[] { "dent/a", "dent/b", "ok/c" })
        {
            Directory.CreateDirectory(Path.GetDirectoryName(fleet.InFolder($"set/{name}"))!);
            File.WriteAllBytes(fleet.InFolder($"set/{name}.jpg"), TestPictures.Jpeg(name));
        }
        var (exit, output) = await RunAsync(fleet, "dataset", "import", fleet.InFolder("set"), "--use", "golden", "--json");
        var report = JsonSerializer.Deserialize(output, ContractsJson.Default.ImportReport)!;
        Assert.Equal((0, DatasetFormat.Folders, 3, true), (exit, report.Format, report.Added, report.Written));
        Assert.Equal((2, 1), (report.Classes["dent"], report.Classes["ok"]));

        var frozen = await fleet.Http.PostAsJsonAsync("datasets", new SnapshotRequest("set", "tester"), ContractsJson.Default.SnapshotRequest, TestContext.Current.CancellationToken);
        var snapshot = (await frozen.Content.ReadFromJsonAsync(ContractsJson.Default.DatasetView, TestContext.Current.CancellationToken))!;
        Assert.Equal(3, snapshot.Golden);
        (exit, output) = await RunAsync(fleet, "dataset", "export", snapshot.Digest, "--format", "yolo", "--use", "all", "--out", fleet.InFolder("out.zip"));
        Assert.Equal(0, exit);
        Assert.Contains("that of 3 pictures", output, StringComparison.Ordinal);
        using (var zip = ZipFile.OpenRead(fleet.InFolder("out.zip")))
            Assert.Equal((3, 3), (zip.Entries.Count(entry => entry.FullName.StartsWith("images/golden/", StringComparison.Ordinal)), zip.Entries.Count(entry => entry.FullName.StartsWith("labels/golden/", StringComparison.Ordinal))));
        Assert.False(File.Exists(fleet.InFolder("out.zip.part")));

        File.WriteAllText(fleet.InFolder("labels.csv"), "file,class\nmissing.jpg,dent\n");
        (exit, output) = await RunAsync(fleet, "dataset", "import", fleet.InFolder("labels.csv"), "--format", "csv");
        Assert.Equal(78, exit);
        Assert.Contains("labels.csv, line 2", output, StringComparison.Ordinal);
        Assert.Contains("nothing was written", output, StringComparison.Ordinal);
    }

    private static async Task<(int Exit, string Output)> RunAsync(FleetHost fleet, params string[] arguments)
    {
        await using var process = TestProcess.StartAssembly(Path.Combine(AppContext.BaseDirectory, "cvops.dll"), [.. arguments, "--fleet", fleet.Http.BaseAddress!.GetLeftPart(UriPartial.Authority)], fleet.CliEnvironment);
        var exit = await process.WaitForExitAsync(Deadline, TestContext.Current.CancellationToken);
        // A table breaks its lines where the terminal ends.
        return (exit, string.Join(' ', process.Output.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)));
    }
}

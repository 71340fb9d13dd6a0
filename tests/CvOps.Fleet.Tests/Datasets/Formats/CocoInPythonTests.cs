using System.IO.Compression;
using System.Net.Http.Json;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Testing;

namespace CvOps.Fleet.Tests.Datasets.Formats;

/// <summary>Another program, in another language, reads what is exported.</summary>
public sealed class CocoInPythonTests
{
    // Debian's, which has OpenCV; another one on PATH may not.
    private const string Python = "/usr/bin/python3";

    [Fact]
    public async Task Python_with_opencv_reads_an_export_of_the_fleet_pictures_boxes_and_outlines()
    {
        if (!File.Exists(Python) || !Directory.EnumerateFileSystemEntries("/usr/lib/python3/dist-packages", "cv2*").Any()) Assert.Skip("python3-opencv is not installed: '.ci/setup test' brings it.");
        await using var fleet = await FleetHost.StartAsync();
        await LabelAsync(fleet, "a", [new LabelBox("dent", 1, 2, 3.5, 4)], null);
        await LabelAsync(fleet, "b", [], [new LabelPolygon("chip", [1, 1, 12, 1, 12, 9, 4, 13])]);
        var frozen = await fleet.Http.PostAsJsonAsync("datasets", new SnapshotRequest("set", "tester"), ContractsJson.Default.SnapshotRequest, TestContext.Current.CancellationToken);
        var digest = (await frozen.Content.ReadFromJsonAsync(ContractsJson.Default.DatasetView, TestContext.Current.CancellationToken))!.Digest;
        await using (var zip = await fleet.Http.GetStreamAsync($"datasets/{digest}/export?format=coco", TestContext.Current.CancellationToken))
            await ZipFile.ExtractToDirectoryAsync(zip, fleet.InFolder("coco"), TestContext.Current.CancellationToken);

        await using var process = TestProcess.Start(Python, [Path.Combine(AppContext.BaseDirectory, "read_coco.py"), fleet.InFolder("coco")]);
        Assert.True(await process.WaitForExitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken) == 0, process.Output);
        Assert.Contains("dent 1.00 2.00 3.50 4.00 box", process.Output, StringComparison.Ordinal);
        Assert.Contains("chip 1.00 1.00 11.00 12.00 outline", process.Output, StringComparison.Ordinal);
        Assert.Contains("2 images, 2 annotations, 2 categories", process.Output, StringComparison.Ordinal);
    }

    private static async Task LabelAsync(FleetHost fleet, string name, LabelBox[] boxes, LabelPolygon[]? polygons)
    {
        var answer = await fleet.Http.PostAsJsonAsync("frames", new FrameImport(TestPictures.Jpeg(name), null, "tester", Boxes: boxes, Polygons: polygons), ContractsJson.Default.FrameImport, TestContext.Current.CancellationToken);
        answer.EnsureSuccessStatusCode();
    }
}

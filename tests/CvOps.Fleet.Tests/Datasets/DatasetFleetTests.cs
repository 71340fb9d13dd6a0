using System.Net;
using System.Net.Http.Json;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Fleet.Datasets.Snapshots;
using CvOps.Fleet.Frames;
using CvOps.Fleet.Storage;
using CvOps.Testing;
using Dapper;

namespace CvOps.Fleet.Tests.Datasets;

/// <summary>Datasets over HTTP, on pages and by the command line, of a fleet that runs; and one that is killed.</summary>
public sealed class DatasetFleetTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Snapshots_changes_lineage_and_synthetic_frames_are_reached_by_command_line_and_pages()
    {
        await using var fleet = await FleetHost.StartAsync();
        var boxed = new FrameImport(TestPictures.Jpeg("bad"), "scratch", "operator", Boxes: [new LabelBox("scratch", 4, 4, 6, 6)]);
        foreach (var import in new[] { boxed, new FrameImport(TestPictures.Jpeg("good"), "ok", "operator", Part: "p-7") })
            Assert.Equal(HttpStatusCode.OK, (await fleet.Http.PostAsJsonAsync("frames", import, ContractsJson.Default.FrameImport, Ct)).StatusCode);

        await CliAsync(fleet, 0, "made", "dataset", "synthesize", "cut-paste", "--count", "3", "--onto", "ok");
        await CliAsync(fleet, 1, "is from 1 to", "dataset", "synthesize", "augment", "--count", "0");
        await CliAsync(fleet, 0, "train:", "dataset", "snapshot", "first", "--split", "100,0");
        await CliAsync(fleet, 78, "are no shares", "dataset", "snapshot", "wrong", "--split", "80,30");
        var first = Assert.Single((await fleet.Http.GetFromJsonAsync("datasets", ContractsJson.Default.DatasetViewArray, Ct))!);
        Assert.Equal((5, 3), (first.Frames, first.Synthetic));
        await fleet.Http.PostAsJsonAsync("frames", new FrameImport(TestPictures.Jpeg("new"), "ok", "operator"), ContractsJson.Default.FrameImport, Ct);
        await CliAsync(fleet, 0, "second", "dataset", "snapshot", "second", "--no-synthetic");
        var second = (await fleet.Http.GetFromJsonAsync("datasets", ContractsJson.Default.DatasetViewArray, Ct))![0];
        await CliAsync(fleet, 0, "synthetic-", "dataset", "show", first.Digest, "--synthetic", "true");
        await CliAsync(fleet, 0, "1 added, 3 removed", "dataset", "diff", first.Digest, second.Digest);
        await CliAsync(fleet, 0, "made from it", "dataset", "lineage", "--part", "p-7");
        await CliAsync(fleet, 78, "Name one", "dataset", "lineage");

        // A picture that was made judges nobody, however it comes.
        var made = (await fleet.Http.GetFromJsonAsync($"datasets/{first.Digest}?synthetic=true", ContractsJson.Default.DatasetDetail, Ct))!.Entries[0];
        var golden = await fleet.Http.PostAsJsonAsync("frames", new FrameImport(await fleet.Http.GetByteArrayAsync($"frames/{made.FrameId}/image", Ct), "ok", "operator", FrameUse.Golden), ContractsJson.Default.FrameImport, Ct);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, golden.StatusCode);
        Assert.Contains("This picture is synthetic", await golden.Content.ReadAsStringAsync(Ct), StringComparison.Ordinal);

        Assert.Contains("second", await PageAsync(fleet, "datasets"), StringComparison.Ordinal);
        Assert.Contains("scratch pasted", await PageAsync(fleet, $"datasets/{first.Digest}?synthetic=true"), StringComparison.Ordinal);
        Assert.Contains("There is no such snapshot", await PageAsync(fleet, "datasets/nonsense"), StringComparison.Ordinal);
        Assert.Contains("removed", await PageAsync(fleet, $"datasets/compare?from={first.Digest}&to={second.Digest}"), StringComparison.Ordinal);
        Assert.Contains("made from it", await PageAsync(fleet, "lineage?part=p-7"), StringComparison.Ordinal);
        Assert.Contains("Nothing of that name", await PageAsync(fleet, "lineage?model=none"), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.BadRequest, (await fleet.Http.GetAsync("lineage?frame=a&part=b", Ct)).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await fleet.Http.GetAsync($"datasets/{first.Digest}/diff/{new string('0', 64)}", Ct)).StatusCode);
    }

    [Fact]
    public async Task Killed_in_the_middle_of_a_snapshot_a_fleet_comes_back_with_a_whole_one_or_none()
    {
        const int count = 20_000;
        await using var fleet = await FleetHost.StartAsync(start: false);
        Directory.CreateDirectory(fleet.Options.Data);
        using (var database = new SqliteDatabase(Path.Combine(fleet.Options.Data, "fleet.db")))
        {
            using var frames = new Frozen();
            await database.WriteAsync(connection => FrameTable.InsertAll(connection, [.. Enumerable.Range(0, count).Select(i => frames.Frame($"f{i:00000}"))], "test", Frozen.At), Ct);
            await database.WriteAsync(connection => connection.Execute("UPDATE frames SET brightness = 100"), Ct);
        }
        var program = Path.Combine(AppContext.BaseDirectory, "cvops-fleet.dll");
        var port = TestProcess.FreePort();
        using var http = fleet.Client(new Uri($"http://127.0.0.1:{port}"));
        await using (var first = TestProcess.StartAssembly(program, fleet.Arguments(port)))
        {
            await first.WaitForOutputAsync("Connected to", TimeSpan.FromSeconds(30), Ct);
            using var request = new HttpRequestMessage(HttpMethod.Post, "datasets?stream=true") { Content = JsonContent.Create(Frozen.Request(), ContractsJson.Default.SnapshotRequest) };
            using var answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Ct);
            using var lines = new StreamReader(await answer.Content.ReadAsStreamAsync(Ct));
            while (await lines.ReadLineAsync(Ct) is { } line && !line.Contains("grouping", StringComparison.Ordinal)) { }
            await first.KillAsync();
        }

        await using var second = TestProcess.StartAssembly(program, fleet.Arguments(port));
        await second.WaitForOutputAsync("Connected to", TimeSpan.FromSeconds(30), Ct);
        foreach (var left in (await http.GetFromJsonAsync("datasets", ContractsJson.Default.DatasetViewArray, Ct))!)
            Assert.Equal(count, new SnapshotDocument(new BlobStore(Path.Combine(fleet.Options.Data, "blobs")).PathOf(left.Digest)).Read().Count());
        var frozen = await (await http.PostAsJsonAsync("datasets", Frozen.Request(), ContractsJson.Default.SnapshotRequest, Ct)).Content.ReadFromJsonAsync(ContractsJson.Default.DatasetView, Ct);
        Assert.Equal(count, frozen!.Frames);
        Assert.Equal(0, await second.StopAsync(TimeSpan.FromSeconds(20), Ct));
    }

    private static Task<string> PageAsync(FleetHost fleet, string page) => fleet.Http.GetStringAsync(new Uri(fleet.Http.BaseAddress!, $"/{page}"), Ct);

    private static async Task CliAsync(FleetHost fleet, int code, string says, params string[] arguments)
    {
        await using var process = TestProcess.StartAssembly(Path.Combine(AppContext.BaseDirectory, "cvops.dll"), [.. arguments, "--fleet", fleet.Http.BaseAddress!.GetLeftPart(UriPartial.Authority)], fleet.CliEnvironment);
        var ended = await process.WaitForExitAsync(TimeSpan.FromSeconds(60), Ct);
        Assert.True(ended == code && string.Join(' ', process.Output.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)).Contains(says, StringComparison.Ordinal), $"{string.Join(' ', arguments)} ended with {ended}: {process.Output}");
    }
}

using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Testing;

namespace CvOps.Fleet.Tests.Frames.Video;

public sealed class VideoImportTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_video_becomes_one_frame_of_each_thing_it_shows_with_its_time_and_is_taken_once()
    {
        await using var fleet = await FleetHost.StartAsync();
        var file = fleet.InFolder("line.mp4");
        // The second scratch is a small one beside the first; the fourth scene is the first again.
        await TestVideo.ScratchesAsync(file, 40, 60, 200, 40);

        var lines = await ImportAsync(fleet, await File.ReadAllBytesAsync(file, Cancel), "name=line.mp4&every=500ms&camera=top&startsAt=2026-11-22T10:00:00Z&by=Ann");

        var report = lines[^1].Report!;
        Assert.Equal((16, 3, 13, true, null), (report.Sampled, report.Added, report.NearIdentical, report.Written, report.Problem));
        Assert.Contains(lines, line => line is { Stage: "reading", Of: > 0 });
        var frames = (await fleet.Http.GetFromJsonAsync("frames?camera=top", ContractsJson.Default.FramePage, Cancel))!.Frames;
        Assert.Equal(["line.mp4 at 00:00:04.000", "line.mp4 at 00:00:02.000", "line.mp4 at 00:00:00.000"], frames.Select(frame => frame.Source!));
        Assert.Equal(new DateTimeOffset(2026, 11, 22, 10, 0, 4, TimeSpan.Zero), frames[0].CapturedAt);
        Assert.All(frames, frame => Assert.Equal((320, 240, LabelState.Unlabelled, FrameUse.Training), (frame.Width, frame.Height, frame.State, frame.Use)));
        Assert.Equal([0xFF, 0xD8], (await fleet.Http.GetByteArrayAsync($"frames/{frames[0].Id}/image", Cancel))[..2]);

        var again = (await ImportAsync(fleet, await File.ReadAllBytesAsync(file, Cancel), "every=500ms&by=Ann"))[^1].Report!;
        Assert.Equal((0, 3), (again.Added, again.Known));
        var all = (await ImportAsync(fleet, await File.ReadAllBytesAsync(file, Cancel), "every=1s&change=0&by=Ann"))[^1].Report!;
        Assert.Equal((8, 0), (all.Sampled, all.NearIdentical));
        Assert.Contains((await fleet.Http.GetFromJsonAsync("audit", ContractsJson.Default.AuditPage, Cancel))!.Entries, entry => entry is { Action: "frames.imported", By: "Ann" } && entry.Detail.Contains("line.mp4", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_bad_video_is_refused_with_what_is_wrong_and_leaves_nothing()
    {
        await using var fleet = await FleetHost.StartAsync();
        var file = fleet.InFolder("line.mp4");
        await TestVideo.ScratchesAsync(file, 40);
        var whole = await File.ReadAllBytesAsync(file, Cancel);
        await TestVideo.SoundAsync(fleet.InFolder("sound.m4a"));
        var secret = fleet.InFolder("secret.ts");
        await TestVideo.ScratchesAsync(secret, 100);
        (byte[] Bytes, string Says)[] bad =
        [
            ([], "The file is empty"), ("no video at all, but some text of a fair length"u8.ToArray(), "no video"), (whole[..(whole.Length / 2)], "not written to its end"),
            (await File.ReadAllBytesAsync(fleet.InFolder("sound.m4a"), Cancel), "no video in it"),
            // A list of files is no video: what lies on the fleet's disk is nobody's to ask for.
            (System.Text.Encoding.UTF8.GetBytes($"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n{secret}\n#EXT-X-ENDLIST\n"), "kind that is not read|no video"),
            (System.Text.Encoding.UTF8.GetBytes($"ffconcat version 1.0\nfile '{secret}'\n"), "kind that is not read|no video"),
        ];
        foreach (var (bytes, says) in bad)
        {
            var report = (await ImportAsync(fleet, bytes, "by=Ann"))[^1].Report!;
            Assert.False(report.Written);
            Assert.Matches(says, report.Problem);
        }
        Assert.Empty((await fleet.Http.GetFromJsonAsync("frames", ContractsJson.Default.FramePage, Cancel))!.Frames);
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(fleet.Options.Data, "imports")));
    }

    [Fact]
    public async Task What_can_be_read_of_a_damaged_video_comes_only_when_asked_for()
    {
        await using var fleet = await FleetHost.StartAsync();
        var file = fleet.InFolder("line.ts");
        await TestVideo.ScratchesAsync(file, 40, 200);
        var bytes = await File.ReadAllBytesAsync(file, Cancel);
        new Random(3).NextBytes(bytes.AsSpan(bytes.Length / 2, bytes.Length / 8));

        var refused = (await ImportAsync(fleet, bytes, "every=500ms&by=Ann"))[^1].Report!;
        Assert.False(refused.Written);
        Assert.Contains("The video is damaged;", refused.Problem, StringComparison.Ordinal);
        Assert.Contains("--take-damaged", refused.Problem, StringComparison.Ordinal);

        var taken = (await ImportAsync(fleet, bytes, "every=500ms&by=Ann&takeDamaged=true"))[^1].Report!;
        Assert.True(taken is { Written: true, Added: > 0, Problem: not null });
    }

    [Fact]
    public async Task An_import_whose_sender_goes_away_leaves_nothing()
    {
        await using var fleet = await FleetHost.StartAsync();
        using (var gone = CancellationTokenSource.CreateLinkedTokenSource(Cancel))
        {
            var body = new HalfBody(gone);
            await Assert.ThrowsAnyAsync<Exception>(() => fleet.Http.PostAsync("frames/video?by=Ann", body, gone.Token));
        }
        await FleetHost.UntilAsync(() => Task.FromResult(!Directory.Exists(Path.Combine(fleet.Options.Data, "imports")) || !Directory.EnumerateFileSystemEntries(Path.Combine(fleet.Options.Data, "imports")).Any()), "an empty folder of imports");
        Assert.Empty((await fleet.Http.GetFromJsonAsync("frames", ContractsJson.Default.FramePage, Cancel))!.Frames);
    }

    [Fact]
    public async Task Every_mistake_of_a_request_is_named_at_once()
    {
        await using var fleet = await FleetHost.StartAsync();
        var answer = await fleet.Http.PostAsync("frames/video?every=often&change=much&camera=a%20b&startsAt=soon", new ByteArrayContent([1]), Cancel);
        var said = await answer.Content.ReadAsStringAsync(Cancel);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.StatusCode);
        Assert.All((string[])["often", "much", "a b", "soon", "Say who"], word => Assert.Contains(word, said, StringComparison.Ordinal));
    }

    /// <summary>Killed while pictures are read, and as their rows are about to be written: the same command again brings every frame once.</summary>
    [Theory]
    [InlineData("reading")]
    [InlineData("storing")]
    public async Task Killed_in_the_middle_of_a_video_nothing_is_half_done_and_the_same_import_again_brings_each_frame_once(string stage)
    {
        await using var fleet = await FleetHost.StartAsync(start: false);
        var file = fleet.InFolder("line.mp4");
        await TestVideo.ScratchesAsync(file, 40, 80, 120, 160, 200, 240);
        var program = Path.Combine(AppContext.BaseDirectory, "cvops-fleet.dll");
        var port = TestProcess.FreePort();
        using var http = fleet.Client(new Uri($"http://127.0.0.1:{port}"));
        await using (var first = TestProcess.StartAssembly(program, fleet.Arguments(port)))
        {
            await first.WaitForOutputAsync("Connected to", TimeSpan.FromSeconds(30), Cancel);
            using var request = new HttpRequestMessage(HttpMethod.Post, "frames/video?name=line.mp4&every=100ms&change=0&by=Ann") { Content = new ByteArrayContent(await File.ReadAllBytesAsync(file, Cancel)) };
            using var answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancel);
            using var lines = new StreamReader(await answer.Content.ReadAsStreamAsync(Cancel));
            while (await lines.ReadLineAsync(Cancel) is { } line && !line.Contains(stage, StringComparison.Ordinal)) { }
            await first.KillAsync();
        }

        await using var second = TestProcess.StartAssembly(program, fleet.Arguments(port));
        await second.WaitForOutputAsync("Connected to", TimeSpan.FromSeconds(30), Cancel);
        var left = await CountAsync();
        // All or nothing: a kill while rows are written may come a moment after they were.
        Assert.True(left == 0 || (left == 120 && stage == "storing"), $"{left} frames");
        var imports = Path.Combine(fleet.Options.Data, "imports");
        Assert.False(Directory.Exists(imports) && Directory.EnumerateFileSystemEntries(imports).Any());
        var again = await http.PostAsync("frames/video?name=line.mp4&every=100ms&change=0&by=Ann", new ByteArrayContent(await File.ReadAllBytesAsync(file, Cancel)), Cancel);
        var report = JsonSerializer.Deserialize((await again.Content.ReadAsStringAsync(Cancel)).Split('\n', StringSplitOptions.RemoveEmptyEntries)[^1], ContractsJson.Default.VideoLine)!.Report!;
        Assert.Equal((120, 120 - left, true), (report.Sampled, report.Added, report.Written));
        Assert.Equal(120, await CountAsync());
        Assert.Equal(0, await second.StopAsync(TimeSpan.FromSeconds(20), Cancel));

        async Task<int> CountAsync() => (await http.GetFromJsonAsync("frames?limit=1", ContractsJson.Default.FramePage, Cancel))!.Unlabelled;
    }

    private static async Task<List<VideoLine>> ImportAsync(FleetHost fleet, byte[] video, string query)
    {
        using var answer = await fleet.Http.PostAsync($"frames/video?{query}", new ByteArrayContent(video), Cancel);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return [.. (await answer.Content.ReadAsStringAsync(Cancel)).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonSerializer.Deserialize(line, ContractsJson.Default.VideoLine)!)];
    }

    /// <summary>Sends some bytes of many, then gives up.</summary>
    private sealed class HalfBody(CancellationTokenSource gone) : HttpContent
    {
        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            await stream.WriteAsync(new byte[1 << 16]);
            await stream.FlushAsync();
            await gone.CancelAsync();
            gone.Token.ThrowIfCancellationRequested();
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 1 << 20;
            return true;
        }
    }
}

using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Testing;
using CvOps.Vision;

namespace CvOps.Fleet.Tests.Datasets.Quality;

[Trait("tier", "integration")]
public sealed class QualityDeskTests
{
    [Fact]
    public async Task A_check_finds_what_is_wrong_and_what_a_person_accepts_stays_accepted()
    {
        await using var host = await FleetHost.StartAsync();
        for (var i = 0; i < 24; i++)
        {
            await ImportAsync(host, Drawn(0, i), i == 5 ? "vertical" : "level");
            await ImportAsync(host, Drawn(1, i), "vertical");
        }
        var wrong = await ImportAsync(host, Drawn(0, 99), "vertical");
        var whole = Drawn(0, 200);
        var broken = await ImportAsync(host, whole[..(whole.Length / 2)], "level");
        var outside = await ImportAsync(host, Drawn(1, 300), null, [new LabelBox("dent", 50, 10, 100, 20)]);
        var part = await ImportAsync(host, Drawn(0, 400), "level", part: "P-1");
        var golden = await ImportAsync(host, Drawn(0, 401), "level", part: "P-1", use: FrameUse.Golden);

        var report = await CheckAsync(host, "");
        Assert.Equal(53, report.Frames);
        Assert.Equal(1, (await FindingsAsync(host, QualityKind.Picture)).Single(finding => finding.Frames[0] == broken).FrameCount);
        Assert.Equal(outside, Assert.Single(await FindingsAsync(host, QualityKind.Shape)).Frames[0]);
        Assert.Equal([golden, part], Assert.Single(await FindingsAsync(host, QualityKind.Leakage)).Frames);
        var suspects = await FindingsAsync(host, QualityKind.LabelSuspect);
        var suspect = suspects.Single(finding => finding.Frames[0] == wrong);
        Assert.Equal("level", suspect.Suggested);
        Assert.InRange(suspects.Count, 2, 4);

        (await host.Http.PutAsJsonAsync($"quality/findings/{suspect.Id}", new QualityDecision("mona"), ContractsJson.Default.QualityDecision, TestContext.Current.CancellationToken)).EnsureSuccessStatusCode();
        report = await CheckAsync(host, "");
        Assert.Equal(1, report.Kinds.Single(kind => kind.Kind == QualityKind.LabelSuspect).Accepted);
        Assert.DoesNotContain(await FindingsAsync(host, QualityKind.LabelSuspect), finding => finding.Id == suspect.Id);
        Assert.Equal("mona", Assert.Single(await FindingsAsync(host, QualityKind.LabelSuspect, accepted: true)).Accepted!.By);
        (await host.Http.PutAsJsonAsync($"quality/findings/{suspect.Id}", new QualityDecision("mona", Accept: false), ContractsJson.Default.QualityDecision, TestContext.Current.CancellationToken)).EnsureSuccessStatusCode();
        Assert.Contains(await FindingsAsync(host, QualityKind.LabelSuspect), finding => finding.Id == suspect.Id);

        // What is done about a finding takes it off the list at once, and the counts with it.
        var before = (await host.Http.GetFromJsonAsync("quality", ContractsJson.Default.QualityReport, TestContext.Current.CancellationToken))!;
        await LabelAsync(host, wrong, new LabelRequest("level", "mona"));
        await LabelAsync(host, broken, new LabelRequest(null, "mona", Skip: true));
        Assert.DoesNotContain(await FindingsAsync(host, QualityKind.LabelSuspect), finding => finding.Id == suspect.Id);
        Assert.DoesNotContain(await FindingsAsync(host, QualityKind.Picture), finding => finding.Frames[0] == broken);
        var after = (await host.Http.GetFromJsonAsync("quality", ContractsJson.Default.QualityReport, TestContext.Current.CancellationToken))!;
        foreach (var kind in before.Kinds)
            Assert.Equal(kind.Open - (kind.Kind is QualityKind.LabelSuspect or QualityKind.Picture ? 1 : 0), after.Kinds.Single(count => count.Kind == kind.Kind).Open);
        Assert.Equal(outside, Assert.Single(await FindingsAsync(host, QualityKind.Shape)).Frames[0]);
        Assert.Equal(before.Kinds.Single(kind => kind.Kind == QualityKind.Picture).Open - 1, (await CheckAsync(host, "")).Kinds.SingleOrDefault(kind => kind.Kind == QualityKind.Picture)?.Open ?? 0);

        var page = await host.Http.GetStringAsync(new Uri(host.Http.BaseAddress!, "/quality"), TestContext.Current.CancellationToken);
        Assert.Contains($"api/v1/frames/{outside}/image", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_snapshot_is_checked_by_itself()
    {
        await using var host = await FleetHost.StartAsync();
        for (var i = 0; i < 12; i++) await ImportAsync(host, Drawn(i % 2, i), i % 2 == 0 ? "level" : "Level");
        var answer = await host.Http.PostAsJsonAsync("datasets", new SnapshotRequest("set", "test"), ContractsJson.Default.SnapshotRequest, TestContext.Current.CancellationToken);
        var digest = (await answer.Content.ReadFromJsonAsync(ContractsJson.Default.DatasetView, TestContext.Current.CancellationToken))!.Digest;
        await Eventually.Async(async () => (await host.Http.GetAsync(new Uri($"quality?dataset={digest}", UriKind.Relative), TestContext.Current.CancellationToken)).StatusCode == HttpStatusCode.OK, TimeSpan.FromSeconds(30), () => "no report", TestContext.Current.CancellationToken);
        Assert.Single(await FindingsAsync(host, QualityKind.Schema, dataset: digest));
    }

    [Fact]
    public async Task Without_frames_and_of_a_snapshot_that_there_is_not_the_answer_is_a_sentence()
    {
        await using var host = await FleetHost.StartAsync();
        Assert.Equal(HttpStatusCode.NotFound, (await host.Http.GetAsync(new Uri("quality", UriKind.Relative), TestContext.Current.CancellationToken)).StatusCode);
        var report = await CheckAsync(host, "");
        Assert.Equal((0, 0), (report.Frames, report.Kinds.Count));
        Assert.Contains("There is no dataset", (await LinesAsync(host, "?dataset=nothing"))[^1].Problem, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.BadRequest, (await host.Http.GetAsync(new Uri("quality/findings?kind=odd", UriKind.Relative), TestContext.Current.CancellationToken)).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await host.Http.PutAsJsonAsync("quality/findings/none", new QualityDecision("mona"), ContractsJson.Default.QualityDecision, TestContext.Current.CancellationToken)).StatusCode);
    }

    private static async Task LabelAsync(FleetHost host, string frame, LabelRequest request) =>
        (await host.Http.PutAsJsonAsync($"frames/{frame}/label", request, ContractsJson.Default.LabelRequest, TestContext.Current.CancellationToken)).EnsureSuccessStatusCode();

    private static async Task<QualityReport> CheckAsync(FleetHost host, string query)
    {
        var last = (await LinesAsync(host, query))[^1];
        return last.Report ?? throw new InvalidOperationException(last.Problem);
    }

    private static async Task<QualityLine[]> LinesAsync(FleetHost host, string query)
    {
        using var answer = await host.Http.PostAsync(new Uri("quality/check" + query, UriKind.Relative), null, TestContext.Current.CancellationToken);
        var text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        return [.. text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonSerializer.Deserialize(line, ContractsJson.Default.QualityLine)!)];
    }

    private static async Task<IReadOnlyList<QualityFinding>> FindingsAsync(FleetHost host, QualityKind kind, bool accepted = false, string dataset = "") =>
        (await host.Http.GetFromJsonAsync($"quality/findings?kind={kind}&accepted={accepted}&dataset={dataset}", ContractsJson.Default.FindingPage, TestContext.Current.CancellationToken))!.Findings;

    private static async Task<string> ImportAsync(FleetHost host, byte[] jpeg, string? label, IReadOnlyList<LabelBox>? boxes = null, string? part = null, FrameUse use = FrameUse.Training)
    {
        var answer = await host.Http.PostAsJsonAsync("frames", new FrameImport(jpeg, label, "test", use, part, boxes), ContractsJson.Default.FrameImport, TestContext.Current.CancellationToken);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        return (await answer.Content.ReadFromJsonAsync(ContractsJson.Default.FrameView, TestContext.Current.CancellationToken))!.Id;
    }

    /// <summary>Stripes, level or upright, each picture with noise and places of its own.</summary>
    private static byte[] Drawn(int upright, int seed)
    {
        var random = new Random(seed);
        var (turn, phase, step) = (random.NextDouble() * 0.2, random.NextDouble() * 6, 0.2 + random.NextDouble() * 0.1);
        var grey = new byte[120 * 90];
        for (var i = 0; i < grey.Length; i++)
        {
            var (x, y) = (i % 120, i / 120);
            var along = upright == 1 ? x + turn * y : y + turn * x;
            grey[i] = (byte)Math.Clamp(128 + 60 * Math.Sin(step * along + phase) + random.Next(-25, 25), 0, 255);
        }
        return JpegCodec.Encode(new PictureView(grey, 120, 90, PixelFormat.Grey8), 85);
    }
}

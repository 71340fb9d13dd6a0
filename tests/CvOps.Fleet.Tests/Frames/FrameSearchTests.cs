using CvOps.Contracts.Api;
using CvOps.Fleet.Frames;
using CvOps.Fleet.Frames.Queue;
using CvOps.Fleet.Frames.Search;
using Dapper;

namespace CvOps.Fleet.Tests.Frames;

public sealed class FrameSearchTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("device=press-2", "d")]
    [InlineData("camera=side", "c b")]
    [InlineData("device=press-1&camera=side", "c b")]
    [InlineData("part=p7", "d")]
    [InlineData("prediction=dent", "d b")]
    [InlineData("confidence=0.5..0.7", "c a")]
    [InlineData("confidence=0.9..", "d b")]
    [InlineData("confidence=..0.6", "a")]
    [InlineData("rule=audit", "c b")]
    [InlineData("rule=AUDIT", "")]
    [InlineData("rule=aud_t", "")]
    [InlineData("inclusion=..0.1", "b")]
    [InlineData("since=2026-11-22T12:01:00Z", "d")]
    [InlineData("since=2h", "d")]
    [InlineData("until=2026-11-22T12:00:30Z", "c b a")]
    [InlineData("state=labelled", "d c")]
    [InlineData("state=Unlabelled&order=newest", "b a")]
    [InlineData("use=golden", "c")]
    [InlineData("label=scratch", "d")]
    [InlineData("label=scra", "")]
    [InlineData("verdict=ng", "d")]
    [InlineData("by=Bea", "d")]
    [InlineData("text=LEFT%20EDGE", "d")]
    [InlineData("text=ann", "c")]
    [InlineData("text=%25", "")]
    [InlineData("label=ok&camera=side&use=golden&confidence=0.7..0.7", "c")]
    [InlineData("model=bbbb", "")]
    public async Task Frames_are_found_by_each_field_newest_first(string query, string found)
    {
        using var rows = new FrameRows();
        await FillAsync(rows);

        var page = await PageAsync(rows, query);

        Assert.Equal(found, string.Join(' ', page.Frames.Select(frame => frame.Id)));
    }

    [Fact]
    public async Task A_search_goes_on_page_by_page_and_its_last_page_says_so()
    {
        using var rows = new FrameRows();
        await rows.AddAsync([.. Enumerable.Range(0, 25).Select(i => FrameRows.View($"f{i:00}", camera: i % 2 == 0 ? "top" : "side"))]);
        var seen = new List<string>();
        string? after = null;
        do
        {
            var page = await PageAsync(rows, "camera=top", after, limit: 4);
            seen.AddRange(page.Frames.Select(frame => frame.Id));
            after = page.Next;
        }
        while (after is not null);
        Assert.Equal(Enumerable.Range(0, 13).Select(i => $"f{24 - (2 * i):00}"), seen);
    }

    [Theory]
    [InlineData("confidence=0.7..0.2", "range of confidence")]
    [InlineData("inclusion=-1..", "range of inclusion")]
    [InlineData("since=yesterday", "no time for 'since'")]
    [InlineData("verdict=bad", "ok, ng")]
    [InlineData("state=1", "unlabelled, labelled")]
    [InlineData("devise=press-1", "'devise' is nothing to search frames by")]
    [InlineData("order=value&label=dent", "Only frames that wait have a value")]
    public void A_search_that_means_nothing_is_refused_with_what_to_write(string query, string says)
    {
        var (_, _, mistakes) = FrameQueryText.Read(Pairs(query), FrameRows.Noon);
        Assert.Contains(says, Assert.Single(mistakes), StringComparison.Ordinal);
    }

    [Fact]
    public void Every_mistake_of_a_search_is_named_at_once() => Assert.Equal(3, FrameQueryText.Read(Pairs("use=x&verdict=y&since=z"), FrameRows.Noon).Mistakes.Count);

    [Fact]
    public async Task A_search_walks_the_narrow_index_and_never_the_wide_rows()
    {
        using var rows = new FrameRows();
        await FillAsync(rows);
        // As FrameSearch writes it where nothing is rare.
        var plan = await rows.Database.ReadAsync(connection => string.Join('\n', connection.Query<(long, long, long, string Detail)>(
            "EXPLAIN QUERY PLAN SELECT f.row FROM frames AS f WHERE f.row IS NOT NULL AND f.device || '' = 'x' AND f.confidence >= 0.5 AND f.state + 0 = 0 ORDER BY f.row DESC LIMIT 5").Select(step => step.Detail)), Cancel);
        Assert.Contains("COVERING INDEX frames_search", plan, StringComparison.Ordinal);
        var labels = await rows.Database.ReadAsync(connection => string.Join('\n', connection.Query<(long, long, long, string Detail)>(
            "EXPLAIN QUERY PLAN SELECT f.row FROM frames AS f WHERE f.row IS NOT NULL AND f.label_text IS NOT NULL AND f.label_text LIKE '%x%' ESCAPE '!' ORDER BY f.row DESC LIMIT 5").Select(step => step.Detail)), Cancel);
        Assert.Contains("COVERING INDEX frames_labelled", labels, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_tally_is_what_counting_gives_whatever_happened_to_the_frames()
    {
        using var rows = new FrameRows();
        await FillAsync(rows);
        await rows.Database.WriteAsync(connection =>
        {
            FrameTable.Insert(connection, FrameRows.View("a"), FrameRows.Noon);
            FrameTable.InsertAll(connection, [FrameRows.View("x", device: null), FrameRows.View("y")], "import", FrameRows.Noon);
            var seen = FrameTable.Find(connection, "x")!;
            using (var writer = new FrameWriter(connection, FrameRows.Noon))
            {
                Assert.True(writer.Label(LabelColumns.Of(seen with { State = LabelState.Labelled, Label = new FrameLabel("ok", [], "import", FrameRows.Noon) }), LabelState.Unlabelled, null, "import"));
                Assert.False(writer.Label(LabelColumns.Of(seen with { State = LabelState.Labelled }), LabelState.Unlabelled, null, "import"));
                writer.Save();
            }
            FrameTable.Label(connection, seen with { State = LabelState.Skipped }, "Ann", FrameRows.Noon);
            return 0;
        }, Cancel);
        var (kept, counted) = await rows.Database.ReadAsync(connection => (
            connection.Query<(string, string, long, long)>("SELECT device, camera, state, frames FROM frame_tally WHERE frames <> 0 ORDER BY 1, 2, 3").ToArray(),
            connection.Query<(string, string, long, long)>("SELECT coalesce(device, ''), coalesce(camera, ''), state, count(*) FROM frames GROUP BY 1, 2, 3 ORDER BY 1, 2, 3").ToArray()), Cancel);
        Assert.Equal(counted, kept);
    }

    private static async Task FillAsync(FrameRows rows)
    {
        var a = FrameRows.View("a");
        var b = FrameRows.View("b", camera: "side", rule: "audit", confidence: 0.95, inclusion: 0.05, says: "dent");
        var c = FrameRows.View("c", camera: "side", rule: "audit", confidence: 0.7, inclusion: 0.5) with { Use = FrameUse.Golden };
        var d = FrameRows.View("d", device: "press-2", confidence: 0.91, says: "dent") with { Part = "p7", CapturedAt = FrameRows.Noon.AddMinutes(1) };
        await rows.AddAsync(a, b, c, d);
        await rows.LabelAsync(c, new FrameLabel("ok", [], "Ann", FrameRows.Noon));
        await rows.LabelAsync(d, new FrameLabel(null, [new LabelBox("scratch", 1, 2, 3, 4)], "Bea", FrameRows.Noon, Verdict: PartVerdict.Ng, Note: "at the left edge"));
    }

    private static Task<FramePage> PageAsync(FrameRows rows, string query, string? after = null, int limit = 50)
    {
        var (filter, order, mistakes) = FrameQueryText.Read(Pairs(query), FrameRows.Noon.AddMinutes(120.5));
        Assert.Empty(mistakes);
        return new LabelQueue(rows.Database).PageAsync(FrameQuery.Of(filter, order, after, limit), Cancel);
    }

    private static IEnumerable<KeyValuePair<string, string?>> Pairs(string query) =>
        query.Split('&').Select(pair => pair.Split('=')).Select(pair => KeyValuePair.Create(pair[0], (string?)Uri.UnescapeDataString(pair[1])));
}

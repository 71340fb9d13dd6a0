using System.Text.Json;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Contracts.Packages;
using CvOps.Contracts.Telemetry;
using CvOps.Fleet.Datasets.Lineage;
using CvOps.Fleet.Storage;
using Dapper;

namespace CvOps.Fleet.Tests.Datasets;

public sealed class LineageTests
{
    private static readonly SplitShares Shares = new(0.5, 0.25, 0.25);

    [Fact]
    public async Task From_a_frame_to_the_models_that_learned_from_it_and_from_a_model_to_exactly_its_frames()
    {
        using var fleet = new Frozen();
        await fleet.AddAsync([.. Enumerable.Range(0, 40).Select(i => fleet.Frame($"f{i:00}"))]);
        var first = await fleet.FreezeAsync(Frozen.Request(Shares));
        var entries = fleet.Entries(first);
        string Of(DatasetSplit split) => entries.Values.First(entry => entry.Split == split).FrameId;
        await fleet.AddAsync([.. Enumerable.Range(40, 10).Select(i => fleet.Frame($"f{i:00}"))]);
        var second = await fleet.FreezeAsync(Frozen.Request(Shares) with { Name = "second" });
        await RunAsync(fleet, "run-1", first.Digest);
        var parent = await ModelAsync(fleet, "1", new Lineage(first.Digest, "run-1"));
        var child = await ModelAsync(fleet, "2", new Lineage(second.Digest, "run-2", parent.Digest));
        var grandchild = await ModelAsync(fleet, "3", new Lineage(null, null, child.Digest));
        await ModelAsync(fleet, "9", new Lineage());
        var reader = new FrameLineageReader(fleet.Database, fleet.Store);
        Task<FrameLineage?> Ask(string? frame = null, string? picture = null, string? part = null) => reader.ReadAsync(new LineageQuery(frame, picture, part), TestContext.Current.CancellationToken);

        var learned = (await Ask(Of(DatasetSplit.Train)))!;
        Assert.Equal(["second", "test"], learned.Snapshots.Select(snapshot => snapshot.Name).Order());
        Assert.Equal(new LineageRun("run-1", "run-1", "Finished", first.Digest, true), Assert.Single(learned.Runs));
        Assert.Equal(
            [("1", "test", null), ("2", "second", null), ("2", "test", "1"), ("3", "second", "2"), ("3", "test", "1")],
            learned.Models.Select(model => (model.Model.Version, model.Dataset == first.Digest ? "test" : "second", model.Through?.Version)).Order());
        Assert.All(learned.Models, model => Assert.True(model.Learned));
        Assert.All((await Ask(Of(DatasetSplit.Validation)))!.Models, model => Assert.False(model.Learned));
        var tested = (await Ask(Of(DatasetSplit.Test)))!;
        Assert.Equal((2, 0, 0), (tested.Snapshots.Count, tested.Runs.Count, tested.Models.Count));
        Assert.Null(await Ask("none"));

        // By picture and by part it is the same frame; a frame that shows the same picture comes with it.
        await fleet.AddAsync(fleet.Frame("twin", picture: "f05"));
        Assert.Equal(["f05", "twin"], (await Ask("f05"))!.Frames.Select(frame => frame.Id));
        Assert.Equal(["f05", "twin"], (await Ask(picture: fleet.Frame("f05").ImageDigest))!.Frames.Select(frame => frame.Id));
        Assert.Equal(["f06"], (await Ask(part: "part-f06"))!.Frames.Select(frame => frame.Id));

        var models = new ModelLineageReader(fleet.Database, fleet.Store);
        var lineage = (await models.ReadAsync(grandchild.Digest, TestContext.Current.CancellationToken))!;
        Assert.Equal([("3", null, null), ("2", "run-2", "second"), ("1", "run-1", "test")], lineage.Steps.Select(step => (step.Model!.Version, step.Run, step.Snapshot?.Name)));
        var (frames, after) = (new List<ModelFrame>(), (string?)null);
        do
        {
            var page = (await models.FramesAsync(grandchild.Digest, after, 7, TestContext.Current.CancellationToken))!;
            frames.AddRange(page.Frames);
            after = page.Next;
        } while (after is not null);
        var expected = entries.Values.Concat(fleet.Entries(second).Values).Where(entry => entry.Split == DatasetSplit.Train).Select(entry => entry.FrameId).Distinct().Order();
        Assert.Equal(expected, frames.Select(frame => frame.Entry.FrameId).Order());
        await Assert.ThrowsAsync<FormatException>(() => models.FramesAsync(grandchild.Digest, "nonsense", 7, TestContext.Current.CancellationToken));
        Assert.Null(await models.ReadAsync(new string('0', 64), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_golden_frame_whose_frame_part_or_picture_a_model_was_trained_on_is_told()
    {
        using var fleet = new Frozen();
        await fleet.AddAsync(fleet.Frame("trained"), fleet.Frame("other"));
        var view = await fleet.FreezeAsync();
        var model = await ModelAsync(fleet, "1", new Lineage(view.Digest));
        var child = await ModelAsync(fleet, "2", new Lineage(null, null, model.Digest));
        var stranger = await ModelAsync(fleet, "3", new Lineage());
        FrameView[] golden =
        [
            fleet.Frame("trained") with { Use = FrameUse.Golden }, fleet.Frame("of-its-part") with { Part = "part-trained" }, fleet.Frame("of-its-picture", picture: "trained"), fleet.Frame("unseen"),
        ];
        var seen = new SeenFrames(fleet.Database, fleet.Store);

        Assert.Equal(["of-its-part", "of-its-picture", "trained"], (await seen.AmongAsync(golden, [child.Digest, stranger.Digest], TestContext.Current.CancellationToken)).Order());
        Assert.Empty(await seen.AmongAsync(golden, [stranger.Digest], TestContext.Current.CancellationToken));
        Assert.Empty(await seen.AmongAsync([], [child.Digest], TestContext.Current.CancellationToken));
    }

    [Fact]
    public void Packages_that_name_each_other_as_parents_end_the_chain()
    {
        ModelView Model(string digest, string parent) => View(new ModelRef("m", digest, digest), new Lineage(null, null, parent));
        var chain = new ModelChain([Model("a", "b"), Model("b", "a")]);

        Assert.Equal(["a", "b"], chain.Of("a").Select(step => step.Digest));
        Assert.Equal(["x"], chain.Of("x").Select(step => step.Digest));
    }

    private static async Task<ModelRef> ModelAsync(Frozen fleet, string version, Lineage lineage)
    {
        var model = new ModelRef("steel", version, Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes($"model {version}"))));
        await fleet.Database.WriteAsync(connection => connection.Execute("INSERT INTO models (digest, name, version, registered_at, body) VALUES (@Digest, @Name, @Version, @at, @body)",
            new { model.Digest, model.Name, model.Version, at = SqlTime.Of(Frozen.At), body = JsonSerializer.Serialize(View(model, lineage), ContractsJson.Default.ModelView) }), TestContext.Current.CancellationToken);
        return model;
    }

    private static ModelView View(ModelRef model, Lineage lineage) =>
        new() { Model = model, Task = ModelTask.Classification, Classes = ["ok"], Bytes = 1, SignedBy = "key", Lineage = lineage, RegisteredAt = Frozen.At };

    private static Task<int> RunAsync(Frozen fleet, string id, string dataset) => fleet.Database.WriteAsync(connection =>
    {
        connection.Execute("INSERT INTO run (id, experiment, name, owner, status, started_at) VALUES (@id, 1, @id, 'test', 'Finished', 0)", new { id });
        return connection.Execute("INSERT INTO run_input (run, name, digest, source_type, source) VALUES (@id, 'snapshot', @dataset, 'cvops', '')", new { id, dataset });
    }, TestContext.Current.CancellationToken);
}

using System.Text.Json;
using System.Text.RegularExpressions;
using CvOps.Contracts;
using CvOps.Contracts.Api;
using CvOps.Fleet.Frames.Queue;
using CvOps.Fleet.Frames.Search;
using CvOps.Fleet.Storage;
using CvOps.Testing;
using Dapper;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;

namespace CvOps.Fleet.Tests.Frames;

[Trait("tier", "integration")]
public sealed class LabelWordsUpgradeTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>The tables as they were before labels had words of their own, with a label of that time, brought to the newest version.</summary>
    [Fact]
    public async Task Boxes_that_were_labelled_before_the_index_are_found_by_their_class_after_the_upgrade()
    {
        using var folder = new TestFolder();
        var path = folder["fleet.db"];
        string[] steps = [.. Regex.Split(Migrations.Text(Dialect.Sqlite), @"^-- \d+\r?\n", RegexOptions.Multiline).Skip(1)];
        var upTo = Array.FindIndex(steps, step => step.Contains("label_words_due", StringComparison.Ordinal));
        var old = FrameRows.View("old") with { State = LabelState.Labelled, Label = new FrameLabel(null, [new LabelBox("scratch", 1, 2, 3, 4)], "Bea", FrameRows.Noon) };
        Sqlite.Initialise();
        await using (var connection = new SqliteConnection($"Data Source={path};Pooling=False"))
        {
            await connection.OpenAsync(Cancel);
            foreach (var step in steps[..upTo]) connection.Execute(step);
            connection.Execute($"PRAGMA user_version = {upTo}");
            for (var i = 0; i < 1200; i++)
                connection.Execute("INSERT INTO frames (id, captured_at, stored_at, image, state, labelled_at, labelled_by, label_classes, label_text, body) VALUES (@Id, 0, 0, '', 1, 0, 'Bea', '||', '{\"class\":null', @Body)",
                    new { Id = $"old-{i}", Body = JsonSerializer.Serialize(i == 7 ? old with { Id = "old-7" } : old with { Id = $"old-{i}", Label = old.Label! with { Boxes = [] } }, ContractsJson.Default.FrameView) });
        }
        using var database = new SqliteDatabase(path);
        var queue = new LabelQueue(database);
        Task<FramePage> Scratches() => queue.PageAsync(FrameQuery.Of(new FrameFilter { Label = "scratch" }, null, null, 50), Cancel);
        Assert.Empty((await Scratches()).Frames);

        using var loop = new LabelWordsLoop(database, TimeProvider.System, NullLogger<LabelWordsLoop>.Instance);
        await loop.StartAsync(Cancel);
        await loop.ExecuteTask!.WaitAsync(TimeSpan.FromSeconds(30), Cancel);
        Assert.Equal("old-7", Assert.Single((await Scratches()).Frames).Id);
        Assert.Equal(0, await database.ReadAsync(connection => connection.ExecuteScalar<int>("SELECT count(*) FROM label_words_due"), Cancel));
    }
}

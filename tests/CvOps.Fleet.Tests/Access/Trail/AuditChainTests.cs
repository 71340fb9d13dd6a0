using CvOps.Contracts.Api;
using CvOps.Fleet.Access;
using CvOps.Fleet.Access.Trail;
using CvOps.Fleet.Storage;
using CvOps.Testing;
using Dapper;

namespace CvOps.Fleet.Tests.Access.Trail;

public sealed class AuditChainTests : IDisposable
{
    private readonly TestFolder _folder = new();
    private readonly SqliteDatabase _database;
    private readonly SharedWrites _shared;
    private readonly Audit _audit;

    public AuditChainTests()
    {
        _database = new SqliteDatabase(Path.Combine(Directory.CreateDirectory(_folder["data"]).FullName, "fleet.db"));
        _shared = new SharedWrites(_database);
        _audit = new Audit(_database, _shared, TimeProvider.System);
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _shared.Dispose();
        _database.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task Entries_of_many_writers_at_once_stand_on_one_another()
    {
        await Task.WhenAll(Enumerable.Range(0, 200).Select(i => _audit.RecordAsync($"writer-{i % 7}", "model.registered", $"m{i}", "café \u2028 \"quoted\"", Cancel)));
        var found = await _audit.VerifyAsync(Cancel);
        Assert.True(found.Whole, found.Says);
        Assert.Equal(200, found.Entries);
        var exported = new List<AuditEntry>();
        await foreach (var entry in _audit.AllAsync(Cancel)) exported.Add(entry);
        Assert.Equal(found.Head, exported[^1].Hash);
        Assert.True(AuditCheck.Of(exported).Whole);
    }

    [Theory]
    [InlineData("UPDATE audit SET detail = 'other' WHERE cursor = 5", 5)]
    [InlineData("UPDATE audit SET by = 'other' WHERE cursor = 1", 1)]
    [InlineData("UPDATE audit SET at = at + 1 WHERE cursor = 7", 7)]
    [InlineData("DELETE FROM audit WHERE cursor = 5", 6)]
    [InlineData("DELETE FROM audit WHERE cursor = 1", 2)]
    [InlineData("UPDATE audit SET cursor = -cursor WHERE cursor IN (5, 6); UPDATE audit SET cursor = 11 + cursor WHERE cursor < 0", 5)]
    [InlineData("INSERT INTO audit (at, by, action, subject, detail) VALUES (1, 'x', 'y', 'z', '')", 11)]
    public async Task A_change_past_the_fleet_is_found_where_it_is(string sql, long at)
    {
        for (var i = 1; i <= 10; i++) await _audit.RecordAsync("early", "rollout.paused", $"r{i}", "because", Cancel);
        await _database.WriteAsync(connection => connection.Execute("DROP TRIGGER audit_stays; DROP TRIGGER audit_remains; " + sql), Cancel);
        var found = await _audit.VerifyAsync(Cancel);
        Assert.False(found.Whole);
        Assert.Equal(at, found.BreaksAt);
    }

    [Fact]
    public async Task Entries_of_before_there_were_hashes_are_held_by_the_first_that_has_one()
    {
        await _database.WriteAsync(connection => connection.Execute("INSERT INTO audit (at, by, action, subject, detail) VALUES (1, 'a', 'b', 'c', 'd'), (2, 'a', 'b', 'c', 'd')"), Cancel);
        await _audit.RecordAsync("early", "rollout.paused", "r1", "because", Cancel);
        Assert.True((await _audit.VerifyAsync(Cancel)).Whole);
        await _database.WriteAsync(connection => connection.Execute("DROP TRIGGER audit_stays; UPDATE audit SET by = 'other' WHERE cursor = 1"), Cancel);
        Assert.Equal(3, (await _audit.VerifyAsync(Cancel)).BreaksAt);
    }

    [Fact]
    public async Task The_log_is_filtered_and_read_from_both_ends()
    {
        foreach (var (by, action) in new[] { ("early", "rollout.paused"), ("late", "rollout.resumed"), ("early", "model.registered") }) await _audit.RecordAsync(by, action, "s_1", "50 % of it", Cancel);
        Assert.Equal([1, 2], (await _audit.ReadAsync(new AuditFilter(Action: "rollout.*"), 0, false, 10, Cancel)).Entries.Select(entry => entry.Cursor));
        Assert.Equal([3, 1], (await _audit.ReadAsync(new AuditFilter(By: "early"), 0, true, 10, Cancel)).Entries.Select(entry => entry.Cursor));
        Assert.Equal([2], (await _audit.ReadAsync(new AuditFilter(), 3, true, 1, Cancel)).Entries.Select(entry => entry.Cursor));
        Assert.Equal(3, (await _audit.ReadAsync(new AuditFilter(Text: "50 %"), 0, false, 10, Cancel)).Entries.Count);
        Assert.Empty((await _audit.ReadAsync(new AuditFilter(Text: "5_ %"), 0, false, 10, Cancel)).Entries);
    }

    [Fact]
    public void A_hash_is_what_the_documentation_says()
    {
        // printf 'cvops audit 1\n[1,"a","b","c","d"]' | sha256sum
        var hash = AuditHash.Next(AuditHash.Beginning, SqlTime.From(1), "a", "b", "c", "d");
        Assert.Equal("531676694e2e6a3002d13d98465996c1144e4a68b97ef6dbd8620c65565a2cbf", hash);
    }
}

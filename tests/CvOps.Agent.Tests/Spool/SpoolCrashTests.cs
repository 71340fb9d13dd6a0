using CvOps.Agent.Spool;
using CvOps.Testing;

namespace CvOps.Agent.Tests.Spool;

/// <summary>A process that ends in the middle of an append: killed, without power, or told by its disk that a sync failed.</summary>
public sealed class SpoolCrashTests : IDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    private readonly TestFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Kill_9_in_mid_append_loses_nothing_that_was_confirmed()
    {
        for (var round = 1; round <= 3; round++)
        {
            await using var child = SpoolChild.Start(_folder.Path);
            await Eventually.Async(() => child.HasExited ? throw new InvalidOperationException(child.Output) : child.Output.Split('\n').Length > 300 * round, Deadline, () => child.Output, Token);
            await child.KillAsync();
            await SpoolChild.ReadAllAsync(_folder.Path, SpoolChild.Confirmed(child));
        }
    }

    /// <summary>Only what was synced is there afterwards, of folders as of files; the operation is any, also those of the very first start.</summary>
    [Theory]
    [InlineData(5)]
    [InlineData(16)]
    [InlineData(31)]
    [InlineData(120)]
    [InlineData(301)]
    public async Task A_power_cut_loses_nothing_that_was_confirmed(int operation)
    {
        if (UnkindDisk.Missing is { } missing) Skip.Because(missing);
        using var disk = new UnkindDisk();
        var (data, durable, after) = (Directory.CreateDirectory(_folder["data"]).FullName, _folder["durable"], _folder["after"]);
        await using var child = SpoolChild.Start(data, disk.Environment(data, _folder["log"], durable, new Unkindness("kill", operation)));
        await child.WaitForExitAsync(Deadline, Token);
        UnkindDisk.AfterPowerCut(durable, after);
        var operations = await File.ReadAllLinesAsync(_folder["log"], Token);
        Assert.Equal(operation, operations.Length);
        var confirmed = SpoolChild.Confirmed(child);
        if (operation > 100) Assert.Equal(4, confirmed.Count);
        await SpoolChild.ReadAllAsync(after, confirmed);
    }

    /// <summary>As ext4 does it after an error of its own: from one operation to the next, with files open.</summary>
    [Fact]
    public async Task A_disk_that_becomes_read_only_under_the_agent_costs_what_comes_and_nothing_that_was_confirmed()
    {
        if (UnkindDisk.Missing is { } missing) Skip.Because(missing);
        using var disk = new UnkindDisk();
        var (data, durable) = (Directory.CreateDirectory(_folder["data"]).FullName, _folder["durable"]);
        await using var child = SpoolChild.Start(data, disk.Environment(data, _folder["log"], durable, new Unkindness("readonly", 100)));
        await Eventually.Async(() => child.HasExited ? throw new InvalidOperationException(child.Output) : child.Output.Split("Lost").Length > 100, Deadline, () => child.Output, Token);
        await child.KillAsync();
        var confirmed = SpoolChild.Confirmed(child);
        Assert.Equal(4, confirmed.Count);
        await SpoolChild.ReadAllAsync(data, confirmed);
    }

    /// <summary>
    /// After a failed fsync Linux calls the pages clean: the next one of the same file succeeds and says nothing. What was confirmed afterwards has to be in
    /// another file.
    /// </summary>
    [Theory]
    [InlineData(60)]
    [InlineData(90)]
    public async Task After_a_failed_sync_nothing_is_trusted_to_that_file_again(int operation)
    {
        if (UnkindDisk.Missing is { } missing) Skip.Because(missing);
        using var disk = new UnkindDisk();
        var (data, durable, after) = (Directory.CreateDirectory(_folder["data"]).FullName, _folder["durable"], _folder["after"]);
        await using var child = SpoolChild.Start(data, disk.Environment(data, _folder["log"], durable, new Unkindness("sync", operation)));
        await Eventually.Async(() => child.HasExited ? throw new InvalidOperationException(child.Output) : child.Output.Split('\n').Length > 600, Deadline, () => child.Output, Token);
        await child.KillAsync();
        UnkindDisk.AfterPowerCut(durable, after);
        var left = Enumerable.Range(1, 4).Count(it => Directory.GetFiles(Path.Combine(after, SpoolClasses.Name((SpoolClass)it)), "*.log").Length > 1);
        Assert.Equal(1, left);
        Assert.DoesNotContain("Lost", child.Output, StringComparison.Ordinal);
        await SpoolChild.ReadAllAsync(after, SpoolChild.Confirmed(child));
    }
}

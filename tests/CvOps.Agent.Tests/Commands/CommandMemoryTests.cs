using CvOps.Agent.Commands;
using CvOps.Testing;

namespace CvOps.Agent.Tests.Commands;

public sealed class CommandMemoryTests : IDisposable
{
    private readonly TestFolder _folder = new();
    private readonly ManualTime _time = new();

    private string Path => _folder["commands.json"];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void What_was_done_is_known_after_a_restart_until_it_has_expired_and_is_not_believed_afterwards()
    {
        var expiry = _time.GetUtcNow().AddMinutes(5);
        new CommandMemory(Path, _time).Note("c1", expiry);
        var memory = new CommandMemory(Path, _time);
        Assert.Equal(expiry, memory.Done["c1"]);
        memory.Forget(expiry);
        Assert.Single(memory.Done);
        memory.Forget(expiry + CommandGate.ClockSkew + TimeSpan.FromSeconds(1));
        Assert.Empty(memory.Done);
        Assert.Equal(expiry, memory.ForgottenUntil);
        memory.Note("c2", expiry.AddMinutes(10));
        Assert.Equal(expiry, new CommandMemory(Path, _time).ForgottenUntil);
    }

    [Fact]
    public void A_memory_that_cannot_be_read_refuses_what_could_be_a_replay()
    {
        File.WriteAllText(Path, "torn");
        Assert.Equal(_time.GetUtcNow() + CommandGate.LongestLife, new CommandMemory(Path, _time).ForgottenUntil);
    }

    [Fact]
    public void A_file_of_before_is_read()
    {
        File.WriteAllText(Path, """{"c1":"2026-01-01T00:05:00+00:00"}""");
        Assert.Single(new CommandMemory(Path, _time).Done);
    }
}

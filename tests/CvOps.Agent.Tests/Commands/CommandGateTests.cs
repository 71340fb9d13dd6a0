using CvOps.Agent.Commands;
using CvOps.Contracts.Twin;

namespace CvOps.Agent.Tests.Commands;

public sealed class CommandGateTests
{
    private static readonly DateTimeOffset Now = new(2026, 5, 4, 12, 0, 0, TimeSpan.Zero);

    // Issued and expiring so many seconds from now; a part of the refusal, or null when it may be done.
    [Theory]
    [InlineData(-1, 60, null)]
    [InlineData(0, 3600, null)]
    [InlineData(119, 120, null)]
    [InlineData(-3599, 1, null)]
    [InlineData(-60, 0, "expired")]
    [InlineData(-60, -1, "expired")]
    [InlineData(121, 180, "check the clocks")]
    [InlineData(-1, 3600, "longer than 60 minutes")]
    [InlineData(-86_400, 60, "longer than 60 minutes")]
    public void Only_a_fresh_and_short_lived_command_is_done(int issued, int expires, string? part) =>
        Says(part, Make("c1", issued, expires), []);

    [Theory]
    [InlineData("")]
    [InlineData("../c1")]
    [InlineData("a/b")]
    [InlineData("a#")]
    public void An_id_that_could_be_no_topic_is_refused(string id) => Says("no usable id", Make(id, 0, 60), []);

    [Fact]
    public void What_was_done_is_not_done_again() => Says("done before", Make("c1", 0, 60), new() { ["c1"] = Now });

    [Fact]
    public void What_the_sender_left_out_refuses_itself() => Says("expired", new Command("c1", "ping", default, default, "", null), []);

    [Theory]
    [InlineData(60, 59, null)]
    [InlineData(60, 60, "was the clock set back")]
    [InlineData(60, 3600, "was the clock set back")]
    public void A_clock_that_is_set_back_brings_no_forgotten_command_to_life(int expires, int forgottenUntil, string? part) =>
        Says(part, Make("c1", 0, expires), [], Now.AddSeconds(forgottenUntil));

    private static Command Make(string id, int issued, int expires) => new(id, "ping", Now.AddSeconds(issued), Now.AddSeconds(expires), "test", null);

    private static void Says(string? part, Command command, Dictionary<string, DateTimeOffset> done, DateTimeOffset forgottenUntil = default)
    {
        var refusal = CommandGate.Refusal(command, Now, done, forgottenUntil);
        if (part is null) Assert.Null(refusal);
        else Assert.Contains(part, refusal, StringComparison.Ordinal);
    }
}

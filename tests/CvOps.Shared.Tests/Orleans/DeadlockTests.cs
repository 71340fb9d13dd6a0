using Orleans;

namespace CvOps.Shared.Tests.Orleans;

internal interface ICircleGrain : IGrainWithStringKey
{
    /// <summary>Calls the first of the others with the rest.</summary>
    Task Go(string[] others);

    Task<bool> Meet(string other, Gate gate);

    Task Nothing();
}

internal sealed class CircleGrain : Grain, ICircleGrain
{
    public Task Go(string[] others) =>
        others.Length == 0 ? Task.CompletedTask : GrainFactory.GetGrain<ICircleGrain>(others[0]).Go(others[1..]);

    public async Task<bool> Meet(string other, Gate gate)
    {
        gate.Together!.Signal();
        while (!gate.Together.IsSet) await Task.Delay(1);
        await GrainFactory.GetGrain<ICircleGrain>(other).Nothing();
        return true;
    }

    public Task Nothing() => Task.CompletedTask;
}

public sealed class DeadlockTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(10);

    [Theory]
    [InlineData("a")]
    [InlineData("b a")]
    [InlineData("b c a")]
    public async Task A_chain_of_calls_that_comes_back_to_a_waiting_grain_fails_with_the_circle_in_words(string way)
    {
        await using var silo = await TestSilo.Start();
        var error = await Assert.ThrowsAsync<TimeoutException>(() =>
            silo.Grain<ICircleGrain>("a").Go(way.Split(' ')).WaitAsync(Deadline, TestContext.Current.CancellationToken));
        Assert.Contains("Deadlock: ICircleGrain.Go of circle/a waits for", error.Message, StringComparison.Ordinal);
        await silo.Grain<ICircleGrain>("a").Nothing().WaitAsync(Deadline, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task A_chain_without_a_circle_is_no_deadlock()
    {
        await using var silo = await TestSilo.Start();
        await silo.Grain<ICircleGrain>("a").Go(["b", "c", "d", "e"]);
    }

    [Fact]
    public async Task Two_grains_that_call_each_other_at_once_are_told_apart_from_slow_ones()
    {
        await using var silo = await TestSilo.Start();
        using var both = new CountdownEvent(2);
        var gate = new Gate(new(), Task.CompletedTask) { Together = both };
        var calls = new[] { silo.Grain<ICircleGrain>("a").Meet("b", gate), silo.Grain<ICircleGrain>("b").Meet("a", gate) };
        var failed = await Assert.ThrowsAsync<TimeoutException>(() => Task.WhenAll(calls).WaitAsync(Deadline, TestContext.Current.CancellationToken));
        Assert.Contains("Deadlock", failed.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Waiting_long_behind_a_slow_request_is_no_deadlock()
    {
        await using var silo = await TestSilo.Start();
        var release = new TaskCompletionSource();
        var entered = new TaskCompletionSource();
        var held = silo.Grain<IHoldGrain>().Hold(new Gate(entered, release.Task));
        await entered.Task;
        var waiting = silo.Grain<IHoldGrain>().Plain();
        await Task.WhenAny(waiting, Task.Delay(TimeSpan.FromSeconds(2), TestContext.Current.CancellationToken));
        Assert.False(waiting.IsCompleted);
        release.SetResult();
        await held;
        await waiting;
    }
}

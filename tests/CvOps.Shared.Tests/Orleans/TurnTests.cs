using Orleans;
using Orleans.Concurrency;

namespace CvOps.Shared.Tests.Orleans;

internal interface ITurnGrain : IGrainWithStringKey
{
    /// <summary>Adds one in a way that loses counts if two turns overlap.</summary>
    Task Increment();

    Task<int> Count();

    Task<string> Slow(string name, int milliseconds);

    Task<string[]> Order();
    Task<bool> StaysOnItsScheduler();

    ValueTask<int> AsValueTask(int value);
}

internal sealed class TurnGrain : Grain, ITurnGrain
{
    private readonly List<string> _order = [];
    private int _count;

    public async Task Increment()
    {
        var before = _count;
        await Task.Yield();
        _count = before + 1;
    }

    public Task<int> Count() => Task.FromResult(_count);

    public async Task<string> Slow(string name, int milliseconds)
    {
        _order.Add(name + " begins");
        await Task.Delay(milliseconds);
        _order.Add(name + " ends");
        return name;
    }

    public Task<string[]> Order() => Task.FromResult(_order.ToArray());

    public async Task<bool> StaysOnItsScheduler()
    {
        var mine = TaskScheduler.Current;
        await Task.Delay(1);
        var afterDelay = ReferenceEquals(mine, TaskScheduler.Current);
        await Task.Run(() => { });
        return afterDelay && ReferenceEquals(mine, TaskScheduler.Current) && !ReferenceEquals(mine, TaskScheduler.Default);
    }

    public ValueTask<int> AsValueTask(int value) => ValueTask.FromResult(value);
}

/// <summary>Lets a test hold a grain in the middle of a method.</summary>
[Immutable]
internal sealed record Gate(TaskCompletionSource Entered, Task Until)
{
    public CountdownEvent? Together { get; init; }
}

internal interface IHoldGrain : IGrainWithStringKey
{
    Task Hold(Gate gate);

    Task Plain();

    [AlwaysInterleave]
    Task<bool> Peek();

    [ReadOnly]
    Task Look(Gate gate);
}

internal sealed class HoldGrain : Grain, IHoldGrain
{
    public async Task Hold(Gate gate)
    {
        gate.Entered.SetResult();
        await gate.Until;
    }

    public Task Plain() => Task.CompletedTask;

    public Task<bool> Peek() => Task.FromResult(true);

    public async Task Look(Gate gate)
    {
        gate.Together!.Signal();
        while (!gate.Together.IsSet) await Task.Delay(1);
    }
}

internal interface IReentrantGrain : IGrainWithStringKey
{
    /// <summary>Completes when two calls of it are in progress at once.</summary>
    Task Meet();
}

[Reentrant]
internal sealed class ReentrantGrain : Grain, IReentrantGrain
{
    private readonly TaskCompletionSource _met = new();
    private int _inside;

    public async Task Meet()
    {
        if (++_inside == 2) _met.SetResult();
        await _met.Task;
    }
}

public sealed class TurnTests
{
    [Fact]
    public async Task One_turn_at_a_time_loses_no_increment()
    {
        await using var silo = await TestSilo.Start();
        var grain = silo.Grain<ITurnGrain>();
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
        {
            for (var i = 0; i < 500; i++) await grain.Increment();
        })));
        Assert.Equal(2000, await grain.Count());
    }

    [Fact]
    public async Task Requests_of_one_caller_run_in_the_order_sent_and_do_not_overlap()
    {
        await using var silo = await TestSilo.Start();
        var grain = silo.Grain<ITurnGrain>();
        await Task.WhenAll(grain.Slow("a", 30), grain.Slow("b", 1), grain.Slow("c", 1));
        Assert.Equal(["a begins", "a ends", "b begins", "b ends", "c begins", "c ends"], await grain.Order());
    }

    [Fact]
    public async Task Grains_with_different_keys_run_side_by_side()
    {
        await using var silo = await TestSilo.Start();
        var release = new TaskCompletionSource();
        var entered = new TaskCompletionSource();
        var held = silo.Grain<IHoldGrain>("a").Hold(new Gate(entered, release.Task));
        await entered.Task;
        Assert.Equal(0, await silo.Grain<ITurnGrain>("b").Count());
        release.SetResult();
        await held;
    }

    [Fact]
    public async Task An_interleaving_method_runs_between_the_awaits_of_another_and_an_ordinary_one_waits()
    {
        await using var silo = await TestSilo.Start();
        var grain = silo.Grain<IHoldGrain>();
        var release = new TaskCompletionSource();
        var entered = new TaskCompletionSource();
        var held = grain.Hold(new Gate(entered, release.Task));
        await entered.Task;
        Assert.True(await grain.Peek());
        var ordinary = grain.Plain();
        Assert.True(await grain.Peek());
        Assert.False(ordinary.IsCompleted);
        release.SetResult();
        await held;
        await ordinary;
    }

    [Fact]
    public async Task A_reentrant_grain_takes_a_second_call_while_the_first_waits()
    {
        await using var silo = await TestSilo.Start();
        var grain = silo.Grain<IReentrantGrain>();
        await Task.WhenAll(grain.Meet(), grain.Meet()).WaitAsync(TimeSpan.FromSeconds(5), TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Read_only_methods_interleave_with_each_other()
    {
        await using var silo = await TestSilo.Start();
        var grain = silo.Grain<IHoldGrain>();
        using var both = new CountdownEvent(2);
        var shared = new Gate(new(), Task.CompletedTask) { Together = both };
        await Task.WhenAll(grain.Look(shared), grain.Look(shared)).WaitAsync(TimeSpan.FromSeconds(5), TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Code_after_an_await_is_still_on_the_scheduler_of_its_grain()
    {
        await using var silo = await TestSilo.Start();
        Assert.True(await silo.Grain<ITurnGrain>().StaysOnItsScheduler());
    }

    [Fact]
    public async Task A_method_may_return_a_value_task()
    {
        await using var silo = await TestSilo.Start();
        Assert.Equal(7, await silo.Grain<ITurnGrain>().AsValueTask(7));
    }
}

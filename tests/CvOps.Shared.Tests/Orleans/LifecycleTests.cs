using System.Collections.Concurrent;
using CvOps.Testing;
using Microsoft.Extensions.DependencyInjection;
using Orleans;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Runtime;

namespace CvOps.Shared.Tests.Orleans;

/// <summary>What grains tell a test, kept in the silo's services.</summary>
internal sealed class Diary
{
    public ConcurrentQueue<string> Lines { get; } = new();

    public bool FailNextActivation { get; set; }
}

internal interface ILivingGrain : IGrainWithStringKey
{
    Task<int> Touch();

    Task End();

    Task StartTimer(TimeSpan due, TimeSpan period, bool interleave, bool keepAlive);

    Task StopTimer();

    Task HoldUntilTicked();
}

internal sealed class LivingGrain(Diary diary) : Grain, ILivingGrain, IDisposable
{
    private int _touches;
    private int _ticks;
    private IGrainTimer? _timer;

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        if (diary.FailNextActivation)
        {
            diary.FailNextActivation = false;
            throw new NotSupportedException("not today");
        }

        diary.Lines.Enqueue($"{this.GetPrimaryKeyString()} activated");
        return Task.CompletedTask;
    }

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        await Task.Yield();
        diary.Lines.Enqueue($"{this.GetPrimaryKeyString()} deactivated {reason.ReasonCode}");
    }

    public Task<int> Touch() => Task.FromResult(++_touches);

    public Task End()
    {
        DeactivateOnIdle();
        return Task.CompletedTask;
    }

    public Task StartTimer(TimeSpan due, TimeSpan period, bool interleave, bool keepAlive)
    {
        _timer = this.RegisterGrainTimer(static (grain, _) => grain.Tick(), this,
            new GrainTimerCreationOptions(due, period) { Interleave = interleave, KeepAlive = keepAlive });
        return Task.CompletedTask;
    }

    public Task StopTimer()
    {
        _timer!.Dispose();
        return Task.CompletedTask;
    }

    public async Task HoldUntilTicked()
    {
        var before = _ticks;
        for (var i = 0; _ticks == before && i < 1000; i++) await Task.Delay(1);
    }

    public void Dispose() => diary.Lines.Enqueue($"{this.GetPrimaryKeyString()} disposed");

    private Task Tick()
    {
        diary.Lines.Enqueue($"tick {++_ticks}");
        return Task.CompletedTask;
    }
}

public sealed class LifecycleTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task A_grain_that_ends_itself_is_deactivated_and_the_next_call_finds_a_new_one()
    {
        var diary = new Diary();
        await using var silo = await Start(diary);
        var grain = silo.Grain<ILivingGrain>();
        Assert.Equal(1, await grain.Touch());
        await grain.End();
        Assert.Equal(1, await grain.Touch());
        Assert.Equal(["one activated", "one deactivated ApplicationRequested", "one disposed", "one activated"], diary.Lines);
    }

    [Fact]
    public async Task Calls_waiting_when_a_grain_ends_itself_are_answered_by_the_next_activation()
    {
        var diary = new Diary();
        await using var silo = await Start(diary);
        var grain = silo.Grain<ILivingGrain>();
        var calls = Enumerable.Range(0, 50).Select(i => i % 10 == 5 ? grain.End() : grain.Touch()).ToArray();
        await Task.WhenAll(calls).WaitAsync(Deadline, TestContext.Current.CancellationToken);
        Assert.Equal(diary.Lines.Count(line => line == "one disposed"), diary.Lines.Count(line => line.EndsWith("deactivated ApplicationRequested", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task An_activation_that_fails_fails_its_callers_with_the_same_exception_and_the_next_call_tries_again()
    {
        var diary = new Diary { FailNextActivation = true };
        await using var silo = await Start(diary);
        var grain = silo.Grain<ILivingGrain>();
        var error = await Assert.ThrowsAsync<NotSupportedException>(grain.Touch);
        Assert.Equal("not today", error.Message);
        Assert.Equal(1, await grain.Touch());
    }

    [Fact]
    public async Task An_idle_activation_is_collected_after_its_age_and_not_before()
    {
        var diary = new Diary();
        await using var silo = await Start(diary, builder => builder.Configure<GrainCollectionOptions>(options =>
        {
            options.CollectionAge = TimeSpan.FromSeconds(1);
            options.CollectionQuantum = TimeSpan.FromMilliseconds(100);
        }));
        await silo.Grain<ILivingGrain>().Touch();
        Assert.Equal(1, silo.Silo.ActivationCount);
        await Eventually.Async(() => silo.Silo.ActivationCount == 0, Deadline, () => string.Join(", ", diary.Lines), TestContext.Current.CancellationToken);
        Assert.Contains("one deactivated ActivationIdle", diary.Lines);
        Assert.Equal(1, await silo.Grain<ILivingGrain>().Touch());
    }

    [Fact]
    public async Task Calls_that_wait_when_the_silo_stops_hold_nothing_up_and_end()
    {
        var diary = new Diary();
        await using var silo = await Start(diary);
        var grain = silo.Grain<ILivingGrain>();
        var running = grain.HoldUntilTicked();
        Task[] waiting = [.. Enumerable.Range(0, 3).Select(_ => grain.Touch())];
        await silo.Stop().WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
        await running;
        foreach (var call in waiting)
        {
            var ended = await Record.ExceptionAsync(() => call.WaitAsync(TimeSpan.FromSeconds(5), TestContext.Current.CancellationToken));
            Assert.True(ended is null or SiloUnavailableException, $"{ended}");
        }
    }

    [Fact]
    public async Task Stopping_the_silo_deactivates_every_grain_and_refuses_calls_afterwards()
    {
        var diary = new Diary();
        await using var silo = await Start(diary);
        var grain = silo.Grain<ILivingGrain>();
        for (var i = 0; i < 20; i++) await silo.Grain<ILivingGrain>($"g{i}").Touch();
        await silo.Stop();
        Assert.Equal(20, diary.Lines.Count(line => line.EndsWith("deactivated ShuttingDown", StringComparison.Ordinal)));
        await Assert.ThrowsAsync<SiloUnavailableException>(grain.Touch);
    }

    [Fact]
    public async Task A_timer_ticks_when_due_then_every_period_until_it_is_disposed()
    {
        var (diary, time) = (new Diary(), new ManualTime());
        await using var silo = await Start(diary, builder => builder.Services.AddKeyedSingleton<TimeProvider>(TimeProviderNames.Grains, time));
        var grain = silo.Grain<ILivingGrain>();
        await grain.StartTimer(TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(5), false, false);
        time.Advance(TimeSpan.FromSeconds(2));
        await grain.Touch();
        Assert.DoesNotContain("tick 1", diary.Lines);
        time.Advance(TimeSpan.FromSeconds(1));
        await Seen("tick 1");
        await time.UntilTimersAsync(1, TestContext.Current.CancellationToken);
        time.Advance(TimeSpan.FromSeconds(5));
        await Seen("tick 2");
        await grain.StopTimer();
        time.Advance(TimeSpan.FromSeconds(50));
        await grain.Touch();
        Assert.DoesNotContain("tick 3", diary.Lines);

        Task Seen(string line) => Eventually.Async(() => diary.Lines.Contains(line), Deadline, () => string.Join(", ", diary.Lines), TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task A_timer_that_interleaves_ticks_in_the_middle_of_a_request()
    {
        var diary = new Diary();
        await using var silo = await Start(diary);
        var grain = silo.Grain<ILivingGrain>();
        await grain.StartTimer(TimeSpan.FromMilliseconds(20), TimeSpan.FromMilliseconds(20), true, false);
        await grain.HoldUntilTicked().WaitAsync(Deadline, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task A_timer_that_does_not_interleave_waits_for_the_request_to_end()
    {
        var diary = new Diary();
        await using var silo = await Start(diary, builder => builder.Configure<SiloMessagingOptions>(options => options.ResponseTimeout = TimeSpan.FromMilliseconds(300)));
        var grain = silo.Grain<ILivingGrain>();
        await grain.StartTimer(TimeSpan.FromMilliseconds(20), TimeSpan.FromMilliseconds(20), false, false);
        await Eventually.Async(() => !diary.Lines.IsEmpty && diary.Lines.Contains("tick 1"), Deadline, () => string.Join(", ", diary.Lines), TestContext.Current.CancellationToken);
        await Assert.ThrowsAsync<TimeoutException>(grain.HoldUntilTicked);
    }

    private static Task<TestSilo> Start(Diary diary, Action<ISiloBuilder>? configure = null) => TestSilo.Start(configure: builder =>
    {
        builder.Services.AddSingleton(diary);
        configure?.Invoke(builder);
    });
}

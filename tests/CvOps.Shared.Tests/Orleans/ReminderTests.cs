using CvOps.Testing;
using Microsoft.Extensions.DependencyInjection;
using Orleans;
using Orleans.Hosting;
using Orleans.Reminders;
using Orleans.Runtime;

namespace CvOps.Shared.Tests.Orleans;

internal interface IRemindedGrain : IGrainWithStringKey
{
    Task Register(string name, TimeSpan due, TimeSpan period);

    Task Unregister(string name);

    Task<string[]> Registered();

    Task<int> Ticks();
}

internal sealed class RemindedGrain([PersistentState("ticks")] IPersistentState<CounterState> ticks) : Grain, IRemindedGrain, IRemindable
{
    public Task Register(string name, TimeSpan due, TimeSpan period) => this.RegisterOrUpdateReminder(name, due, period);

    public async Task Unregister(string name)
    {
        if (await this.GetReminder(name) is { } reminder) await this.UnregisterReminder(reminder);
    }

    public async Task<string[]> Registered() => [.. (await this.GetReminders()).Select(reminder => reminder.ReminderName).Order()];

    public Task<int> Ticks() => Task.FromResult(ticks.State.Count);

    public async Task ReceiveReminder(string reminderName, TickStatus status)
    {
        ticks.State.Count++;
        await ticks.WriteStateAsync();
        if (reminderName == "broken") throw new InvalidOperationException("always");
    }
}

public sealed class ReminderTests
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task A_reminder_ticks_when_due_and_then_every_period()
    {
        var time = new ManualTime();
        await using var silo = await TestSilo.Start(configure: builder => With(builder, time));
        var grain = silo.Grain<IRemindedGrain>();
        await grain.Register("tick", 5 * Minute, 2 * Minute);
        time.Advance(5 * Minute - TimeSpan.FromSeconds(1));
        Assert.Equal(0, await grain.Ticks());
        time.Advance(TimeSpan.FromSeconds(1));
        await Ticked(grain, 1, time);
        time.Advance(2 * Minute);
        await Ticked(grain, 2, time);
    }

    [Fact]
    public async Task A_failing_reminder_ticks_again()
    {
        var time = new ManualTime();
        await using var silo = await TestSilo.Start(configure: builder => With(builder, time));
        var grain = silo.Grain<IRemindedGrain>();
        await grain.Register("broken", Minute, Minute);
        for (var tick = 1; tick <= 3; tick++)
        {
            time.Advance(Minute);
            await Ticked(grain, tick, time);
        }
    }

    [Fact]
    public async Task A_reminder_survives_a_restart_and_what_came_due_meanwhile_ticks_once_at_the_start()
    {
        using var folder = new TestFolder();
        var start = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
        await using (var silo = await TestSilo.Start(folder["grains.db"], builder => With(builder, new ManualTime(start))))
        {
            await silo.Grain<IRemindedGrain>("late").Register("tick", 5 * Minute, 60 * Minute);
            await silo.Grain<IRemindedGrain>("early").Register("tick", 55 * Minute, 60 * Minute);
        }

        var later = new ManualTime(start + 30 * Minute);
        await using var again = await TestSilo.Start(folder["grains.db"], builder => With(builder, later));
        await Ticked(again.Grain<IRemindedGrain>("late"), 1, later, timers: 2);
        Assert.Equal(0, await again.Grain<IRemindedGrain>("early").Ticks());
        later.Advance(25 * Minute);
        await Ticked(again.Grain<IRemindedGrain>("early"), 1, later, timers: 2);
        // The late one stays on its grid: five past the hour.
        later.Advance(10 * Minute);
        await Ticked(again.Grain<IRemindedGrain>("late"), 2, later, timers: 2);
    }

    [Fact]
    public async Task A_tick_that_was_delivered_is_not_delivered_again_by_a_restart()
    {
        using var folder = new TestFolder();
        var time = new ManualTime();
        await using (var silo = await TestSilo.Start(folder["grains.db"], builder => With(builder, time)))
        {
            await silo.Grain<IRemindedGrain>().Register("tick", Minute, 10 * Minute);
            time.Advance(Minute);
            await Ticked(silo.Grain<IRemindedGrain>(), 1, time);
        }

        var later = new ManualTime(time.GetUtcNow() + 2 * Minute);
        await using var again = await TestSilo.Start(folder["grains.db"], builder => With(builder, later));
        await later.UntilTimersAsync(1, TestContext.Current.CancellationToken);
        later.Advance(7 * Minute);
        Assert.Equal(1, await again.Grain<IRemindedGrain>().Ticks());
        later.Advance(Minute);
        await Ticked(again.Grain<IRemindedGrain>(), 2, later);
    }

    [Fact]
    public async Task Reminders_are_listed_updated_and_removed()
    {
        using var folder = new TestFolder();
        var time = new ManualTime();
        await using (var silo = await TestSilo.Start(folder["grains.db"], builder => With(builder, time)))
        {
            var grain = silo.Grain<IRemindedGrain>();
            await grain.Register("a", Minute, Minute);
            await grain.Register("b", Minute, Minute);
            Assert.Equal(["a", "b"], await grain.Registered());
            await grain.Unregister("a");
            await grain.Register("b", 10 * Minute, Minute);
            time.Advance(9 * Minute);
            Assert.Equal(0, await grain.Ticks());
        }

        await using var again = await TestSilo.Start(folder["grains.db"], builder => With(builder, time));
        Assert.Equal(["b"], await again.Grain<IRemindedGrain>().Registered());
    }

    [Fact]
    public async Task A_period_under_the_minimum_is_refused()
    {
        await using var silo = await TestSilo.Start();
        var refused = await Assert.ThrowsAsync<ArgumentException>(() => silo.Grain<IRemindedGrain>().Register("fast", TimeSpan.Zero, TimeSpan.FromSeconds(59)));
        Assert.Contains("minimum", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(-1, null, 0)]
    [InlineData(0, null, 0)]
    [InlineData(7, null, 0)]
    [InlineData(7, 0, 10)]
    [InlineData(25, 0, 20)]
    [InlineData(25, 20, 30)]
    [InlineData(25, 24, 30)]
    [InlineData(25, 26, 30)]
    [InlineData(25, 600, 20)]
    public void The_next_tick_is_the_newest_one_due_unless_it_was_delivered_also_when_the_clock_was_set_back(int now, int? last, int expected)
    {
        var start = new DateTime(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc);
        var entry = new ReminderEntry(GrainId.Create("x", "y"), "tick", start, 10 * Minute, last is { } minutes ? start + minutes * Minute : null, "e");
        Assert.Equal(start + expected * Minute, ReminderService.NextTick(entry, start + now * Minute));
    }

    private static void With(ISiloBuilder builder, ManualTime time) =>
        builder.Services.AddKeyedSingleton<TimeProvider>(ReminderTimeProviderNames.Reminders, time);

    /// <summary>Waits for the tick to have been counted and the next to have been set.</summary>
    private static async Task Ticked(IRemindedGrain grain, int ticks, ManualTime time, int timers = 1)
    {
        var seen = 0;
        await Eventually.Async(async () => (seen = await grain.Ticks()) == ticks, TimeSpan.FromSeconds(10), () => $"{seen} ticks", TestContext.Current.CancellationToken);
        await time.UntilTimersAsync(timers, TestContext.Current.CancellationToken);
    }
}

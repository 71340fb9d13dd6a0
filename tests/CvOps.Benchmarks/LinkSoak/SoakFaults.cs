namespace CvOps.Benchmarks.LinkSoak;

/// <summary>What is done to the stack, one fault after the other, by chance. Each leaves everything running.</summary>
internal sealed class SoakFaults(SoakStack stack, Random chance)
{
    private readonly Dictionary<string, int> _done = [];

    public string Done => string.Join(", ", _done.OrderByDescending(it => it.Value).Select(it => $"{it.Key} {it.Value}"));

    public int Count => _done.Values.Sum();

    public string Last { get; private set; } = "none yet";

    public async Task OneAsync()
    {
        (string Name, Func<Task> Do)[] faults =
        [
            ("broker killed", BrokerAsync),
            ("agent killed", AgentAsync),
            ("fleet killed", FleetAsync),
            ("agent's line cut", () => LineAsync(stack.AgentLine.Cut, stack.AgentLine.Restore, 0.5, 8)),
            ("agent's line stalled", () => LineAsync(stack.AgentLine.Stall, stack.AgentLine.Restore, 1, 12)),
            ("agent's line reset in a packet", () => LineAsync(() => stack.AgentLine.ResetAfter(chance.Next(1, 3000)), () => { }, 2, 4)),
            ("agent's line half open", () => LineAsync(stack.AgentLine.HalfOpen, () => { }, 1, 8)),
            ("agent's line lossy and late", () => LineAsync(() => (stack.AgentLine.Loss, stack.AgentLine.Latency) = (0.2, TimeSpan.FromMilliseconds(20)), stack.AgentLine.Restore, 3, 8)),
            ("fleet's line cut", () => LineAsync(stack.FleetLine.Cut, stack.FleetLine.Restore, 0.5, 8)),
            // The one that needs more than acknowledgements: what the broker holds for a fleet that is away dies with the broker.
            ("fleet and broker killed", BothAsync),
            ("agent, fleet and broker killed", AllAsync),
        ];
        var (name, fault) = faults[chance.Next(faults.Length)];
        Last = name;
        await fault();
        _done[name] = _done.GetValueOrDefault(name) + 1;
        await Pause(1, 5);
    }

    private async Task BrokerAsync()
    {
        await stack.KillBrokerAsync();
        await Pause(0.2, 6);
        await stack.StartBrokerAsync();
    }

    private async Task AgentAsync()
    {
        await stack.KillAgentAsync();
        await Pause(0, 3);
        stack.StartAgent();
    }

    private async Task FleetAsync()
    {
        await stack.KillFleetAsync();
        await Pause(0, 6);
        await stack.StartFleetAsync();
    }

    private async Task BothAsync()
    {
        await stack.KillFleetAsync();
        await Pause(0.5, 7);
        await stack.KillBrokerAsync();
        await Pause(0.2, 4);
        await stack.StartBrokerAsync();
        await Pause(0, 4);
        await stack.StartFleetAsync();
    }

    private async Task AllAsync()
    {
        await stack.KillFleetAsync();
        await Pause(0.5, 4);
        await stack.KillAgentAsync();
        await Pause(0, 1);
        await stack.KillBrokerAsync();
        await stack.StartBrokerAsync();
        stack.StartAgent();
        await stack.StartFleetAsync();
    }

    private async Task LineAsync(Action begin, Action end, double least, double most)
    {
        begin();
        await Pause(least, most);
        end();
    }

    private Task Pause(double least, double most) => Task.Delay(TimeSpan.FromSeconds(least + (most - least) * chance.NextDouble()));
}

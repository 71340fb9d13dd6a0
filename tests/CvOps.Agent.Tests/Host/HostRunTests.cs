using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace CvOps.Agent.Tests.Host;

public sealed class HostRunTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(10);

    private readonly List<string> _walked = [];

    [Fact]
    public async Task A_loop_that_dies_ends_the_host_with_1()
    {
        Assert.Equal(1, await RunAsync(new Loop("a", _walked), new DyingLoop()));
        Assert.Equal(["a starts", "a stops"], _walked);
    }

    [Fact]
    public async Task Told_to_stop_it_ends_with_0()
    {
        Assert.Equal(0, await RunAsync(new Loop("a", _walked), new Stopper()));
        Assert.Equal(["a starts", "a stops"], _walked);
    }

    [Fact]
    public async Task A_start_that_fails_stops_what_had_started_and_says_why()
    {
        var failure = await Assert.ThrowsAsync<InvalidOperationException>(() => RunAsync(new Loop("a", _walked), new Loop("b", _walked), new FailingStart(), new Loop("c", _walked)));
        Assert.Equal("no start", failure.Message);
        Assert.Equal(["a starts", "b starts", "b stops", "a stops"], _walked.Where(step => step[0] != 'c'));
        Assert.DoesNotContain("c starts", _walked);
    }

    private static Task<int> RunAsync(params IHostedService[] services)
    {
        var builder = Microsoft.Extensions.Hosting.Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        foreach (var service in services) builder.Services.AddSingleton(service);
        var host = builder.Build();
        foreach (var stopper in services.OfType<Stopper>()) stopper.Lifetime = host.Services.GetRequiredService<IHostApplicationLifetime>();
        return HostRun.ToTheEndAsync(host).WaitAsync(Deadline, TestContext.Current.CancellationToken);
    }

    private sealed class Loop(string name, List<string> walked) : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken) => Walk("starts");

        public Task StopAsync(CancellationToken cancellationToken) => Walk("stops");

        private Task Walk(string what)
        {
            walked.Add($"{name} {what}");
            return Task.CompletedTask;
        }
    }

    private sealed class DyingLoop : BackgroundService
    {
        protected override async Task ExecuteAsync(CancellationToken stoppingToken)
        {
            await Task.Yield();
            throw new InvalidDataException("dead");
        }
    }

    /// <summary>What a SIGTERM does to a host that is still starting.</summary>
    private sealed class Stopper : IHostedService
    {
        public IHostApplicationLifetime? Lifetime { get; set; }

        public Task StartAsync(CancellationToken cancellationToken)
        {
            Lifetime!.StopApplication();
            return Task.CompletedTask;
        }

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }

    private sealed class FailingStart : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken) => throw new InvalidOperationException("no start");

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}

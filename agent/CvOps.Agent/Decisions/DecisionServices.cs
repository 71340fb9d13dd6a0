using CvOps.Agent.Configuration;
using CvOps.Agent.Health;
using CvOps.Agent.Inference;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace CvOps.Agent.Decisions;

internal static class DecisionServices
{
    /// <summary>Folder of the records within the state folder.</summary>
    public const string Folder = "decisions";

    public static IServiceCollection AddDecisions(this IServiceCollection services, AgentOptions options)
    {
        if (options.Decisions.Keep == DecisionsKept.None) return services;
        return services
            .AddSingleton(_ => new DecisionSink(options.Decisions.Keep))
            .AddSingleton(_ => Open(options))
            .AddSingleton<IInspectedFrameSink>(provider => provider.GetRequiredService<DecisionSink>())
            .AddSingleton(provider => new DecisionLoop(provider.GetRequiredService<DecisionSink>(), provider.GetRequiredService<DecisionLog>(), options.Device, options.Inference, provider.GetRequiredService<ILogger<DecisionLoop>>()))
            .AddSingleton<IMetricsSource>(provider => provider.GetRequiredService<DecisionLoop>())
            .AddSingleton<IHostedService>(provider => provider.GetRequiredService<DecisionLoop>());
    }

    /// <exception cref="ConfigurationException">The state folder is not to be written to.</exception>
    private static DecisionLog Open(AgentOptions options)
    {
        try
        {
            return new DecisionLog(Path.Combine(options.Data, Folder), options.Decisions.BudgetBytes);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationException([new Mistake(0, "data", $"'{options.Data}' cannot hold decision records ({e.Message.TrimEnd('.')}); name a folder this user may write to")]);
        }
    }
}

using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Orleans.Diagnostics;
using Orleans.Runtime;

namespace Orleans.Diagnostics
{
    /// <summary>Names of the sources whose spans tell what grains do.</summary>
    public static class ActivitySources
    {
        public const string ApplicationGrainActivitySourceName = "Microsoft.Orleans.Application";
        public const string RuntimeActivitySourceName = "Microsoft.Orleans.Runtime";
        public const string AllActivitySourceName = "Microsoft.Orleans.*";

        internal static readonly ActivitySource Application = new(ApplicationGrainActivitySourceName, "1.1.0");
        internal static readonly ActivitySource Runtime = new(RuntimeActivitySourceName, "2.0.0");
    }
}

namespace Orleans.Hosting
{
    public static class ActivityPropagationExtensions
    {
        /// <summary>A span at the caller and one at the grain for each call, parent and child, through <see cref="RequestContext"/>.</summary>
        public static ISiloBuilder AddActivityPropagation(this ISiloBuilder builder)
        {
            builder.Services.TryAddSingleton(DistributedContextPropagator.Current);
            return builder.AddOutgoingGrainCallFilter<OutgoingActivity>().AddIncomingGrainCallFilter<IncomingActivity>();
        }
    }
}

namespace Orleans.Runtime
{
    /// <summary>The caller's span.</summary>
    internal sealed class OutgoingActivity(DistributedContextPropagator propagator) : IOutgoingGrainCallFilter
    {
        public Task Invoke(IOutgoingGrainCallContext context)
        {
            if (GrainSpan.SourceOf(context).StartActivity(context.Request.GetActivityName(), ActivityKind.Client) is not { } span) return context.Invoke();
            propagator.Inject(span, null, static (_, key, value) => RequestContext.Set(key, value));
            return GrainSpan.Run(context, span);
        }
    }

    /// <summary>The grain's span, child of the caller's.</summary>
    internal sealed class IncomingActivity(DistributedContextPropagator propagator) : IIncomingGrainCallFilter
    {
        public Task Invoke(IIncomingGrainCallContext context)
        {
            propagator.ExtractTraceIdAndState(null, Read, out var parent, out var state);
            var span = ActivityContext.TryParse(parent, state, isRemote: true, out var above)
                ? GrainSpan.SourceOf(context).StartActivity(context.Request.GetActivityName(), ActivityKind.Server, above)
                : GrainSpan.SourceOf(context).StartActivity(context.Request.GetActivityName(), ActivityKind.Server);
            return span is null ? context.Invoke() : GrainSpan.Run(context, span);

            static void Read(object? _, string key, out string? value, out IEnumerable<string>? values) => (value, values) = (RequestContext.Get(key) as string, null);
        }
    }

    internal static class GrainSpan
    {
        public static ActivitySource SourceOf(IGrainCallContext context) =>
            context.InterfaceName.StartsWith("Orleans", StringComparison.Ordinal) ? ActivitySources.Runtime : ActivitySources.Application;

        /// <summary>Tags of the OpenTelemetry conventions for RPC and exceptions, as the original sets them.</summary>
        public static async Task Run(IGrainCallContext context, Activity span)
        {
            span.SetTag("rpc.system", "orleans").SetTag("rpc.service", context.InterfaceName).SetTag("rpc.method", context.MethodName);
            span.SetTag("rpc.orleans.target_id", context.TargetId.ToString());
            if (context.SourceId is { } source) span.SetTag("rpc.orleans.source_id", source.ToString());
            try
            {
                await context.Invoke();
            }
            catch (Exception e)
            {
                span.SetStatus(ActivityStatusCode.Error);
                span.SetTag("exception.type", e.GetType().FullName).SetTag("exception.message", e.Message).SetTag("exception.stacktrace", e.ToString()).SetTag("exception.escaped", true);
                throw;
            }
            finally
            {
                span.Stop();
            }
        }
    }
}

using CvOps.Agent.Inference;
using Microsoft.Extensions.DependencyInjection;

namespace CvOps.Agent.Reports;

internal static class ReportServices
{
    public static IServiceCollection AddReports(this IServiceCollection services) => services
        .AddSingleton<IInspectedFrameSink, InspectionPublisher>()
        .AddHostedService<HealthLoop>();
}

using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Orleans;
using Orleans.Hosting;
using Orleans.Runtime;
using Orleans.Serialization;

namespace Microsoft.Extensions.Hosting
{
    public static class OrleansSiloGenericHostExtensions
    {
        public static IHostApplicationBuilder UseOrleans(this IHostApplicationBuilder hostAppBuilder)
            => hostAppBuilder.UseOrleans(_ => { });

        public static HostApplicationBuilder UseOrleans(this HostApplicationBuilder hostAppBuilder)
            => hostAppBuilder.UseOrleans(_ => { });

        /// <summary>Makes this host a silo: grains of every loaded assembly run in it from its start to its stop.</summary>
        public static IHostApplicationBuilder UseOrleans(this IHostApplicationBuilder hostAppBuilder, Action<ISiloBuilder> configureDelegate)
        {
            ArgumentNullException.ThrowIfNull(hostAppBuilder);
            ArgumentNullException.ThrowIfNull(configureDelegate);
            configureDelegate(AddOrleansCore(hostAppBuilder.Services, hostAppBuilder.Configuration));
            return hostAppBuilder;
        }

        public static HostApplicationBuilder UseOrleans(this HostApplicationBuilder hostAppBuilder, Action<ISiloBuilder> configureDelegate)
        {
            ((IHostApplicationBuilder)hostAppBuilder).UseOrleans(configureDelegate);
            return hostAppBuilder;
        }

        public static IHostBuilder UseOrleans(this IHostBuilder hostBuilder, Action<ISiloBuilder> configureDelegate)
            => hostBuilder.UseOrleans((_, siloBuilder) => configureDelegate(siloBuilder));

        public static IHostBuilder UseOrleans(this IHostBuilder hostBuilder, Action<HostBuilderContext, ISiloBuilder> configureDelegate)
        {
            ArgumentNullException.ThrowIfNull(hostBuilder);
            ArgumentNullException.ThrowIfNull(configureDelegate);
            return hostBuilder.ConfigureServices((context, services) =>
                configureDelegate(context, AddOrleansCore(services, context.Configuration)));
        }

        public static IServiceCollection AddOrleans(this IServiceCollection services, Action<ISiloBuilder> configureDelegate)
        {
            ArgumentNullException.ThrowIfNull(configureDelegate);
            configureDelegate(AddOrleansCore(services, new ConfigurationBuilder().Build()));
            return services;
        }

        private static SiloBuilder AddOrleansCore(IServiceCollection services, IConfiguration configuration)
        {
            if (services.FirstOrDefault(d => d.ServiceType == typeof(SiloBuilder))?.ImplementationInstance is SiloBuilder known)
                return known;

            var builder = new SiloBuilder(services, configuration);
            services.AddLogging().AddOptions().AddSerializer();
            services.TryAddSingleton(TimeProvider.System);
            services.AddSingleton(builder);
            services.AddSingleton<Silo>();
            services.AddSingleton(provider => provider.GetRequiredService<Silo>().GrainFactory);
            services.AddSingleton<IGrainFactory>(provider => provider.GetRequiredService<IClusterClient>());
            services.AddSingleton<Orleans.Storage.SqliteStores>();
            services.TryAddSingleton<Orleans.Storage.IGrainStorageSerializer, Orleans.Storage.JsonStateSerializer>();
            services.AddHostedService(provider => provider.GetRequiredService<Silo>());
            return builder;
        }
    }
}

namespace Orleans.Hosting
{
    internal enum Clustering
    {
        None,
        Localhost,
        AdoNet,
    }

    internal sealed class SiloBuilder(IServiceCollection services, IConfiguration configuration) : ISiloBuilder
    {
        public IServiceCollection Services { get; } = services;

        public IConfiguration Configuration { get; } = configuration;

        public Clustering Clustering { get; set; }

        /// <exception cref="OrleansConfigurationException">This process cannot be the silo that was asked for.</exception>
        public void Validate()
        {
            if (Clustering == Clustering.AdoNet)
                throw new OrleansConfigurationException("A cluster was asked for (UseAdoNetClustering), but this build runs on the "
                    + "one-process stand-in for Orleans. Build with PublishedPackages=true, or call UseLocalhostClustering().");
            if (Clustering == Clustering.None)
                throw new OrleansConfigurationException("Clustering has not been configured. Call UseLocalhostClustering() on the silo builder.");
        }
    }
}

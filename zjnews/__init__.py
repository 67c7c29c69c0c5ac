"""zjnews: articles of 浙江在线 (zjol.com.cn) as clean JSON Lines."""

__version__ = "0.1.0"
